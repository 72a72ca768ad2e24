-- One warning for each event that names a group of a kind for which there is no number.
INSERT INTO ingestion_warnings (team_id, received_at, type, distinct_id, uuid, event, details, batch_id)
SELECT
    team_id, max(received_at), 'too_many_group_types', any(distinct_id), uuid, any(event),
    concat('{{"group_types":', toJSONString(arraySort(groupUniqArray(10)(type))), '}}'),
    {{batch_id:UUID}}
FROM {named}
WHERE (team_id, type) GLOBAL NOT IN (
    SELECT team_id, name FROM group_types WHERE team_id GLOBAL IN (SELECT team_id FROM {named})
)
GROUP BY team_id, uuid
