-- One warning a project, not one a name: its uuid is the project's, and the latest one stays.
INSERT INTO ingestion_warnings (team_id, received_at, type, distinct_id, uuid, event, details, batch_id)
SELECT
    team_id,
    max(received_at),
    if(kind = 'name', 'too_many_event_names', 'too_many_property_names') AS warning,
    '',
    reinterpretAsUUID(MD5(concat(toString(team_id), warning))),
    '',
    concat('{{"limit":{most_names},"names":', toJSONString(arraySort(groupUniqArray(5)(name))), '}}'),
    toUUID('{batch_id}')
FROM {seen}
WHERE lengthUTF8(name) <= {longest_name} AND (team_id, kind, group_type_index, name) NOT IN (SELECT * FROM {listed})
GROUP BY team_id, warning
