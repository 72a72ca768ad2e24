-- Events of one of the ids, and those that say that one of them is another id, as `persons/sql/reduce_edges.sql` reads them.
WITH
    if(event = '$identify', '$anon_distinct_id', 'alias') AS key,
    JSONType(properties, key) AS type
SELECT team_id, uuid
FROM events
WHERE team_id = {{team:Int64}} AND (
    (team_id, distinct_id) IN (SELECT team_id, distinct_id FROM {ids})
    OR event IN ('$identify', '$create_alias', '$merge_dangerously') AND (
        team_id,
        multiIf(
            type = 'Null', '',
            type IN ('Object', 'Array'), '[object Object]',
            type = 'Bool', if(JSONExtractBool(properties, key), 'true', ''),
            type != 'String' AND JSONExtractFloat(properties, key) = 0, '',
            leftUTF8(replaceAll(JSONExtract(properties, key, 'String'), '\0', '�'), 200)
        )
    ) IN (SELECT team_id, distinct_id FROM {ids})
)
