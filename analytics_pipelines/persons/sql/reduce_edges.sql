CREATE TABLE {edges} ENGINE = Memory AS
WITH
    if(event = '$identify', '$anon_distinct_id', 'alias') AS key,
    JSONType(properties, key) AS type
SELECT
    team_id, uuid, timestamp, event, distinct_id, received_at,
    -- as JavaScript has it: what is falsy names nobody, an object is a text that is no id
    multiIf(
        type = 'Null', '',
        type IN ('Object', 'Array'), '[object Object]',
        type = 'Bool', if(JSONExtractBool(properties, key), 'true', ''),
        type != 'String' AND JSONExtractFloat(properties, key) = 0, '',
        leftUTF8(replaceAll(JSONExtract(properties, key, 'String'), '\0', '�'), 200)
    ) AS other,
    other NOT IN ('', distinct_id) AS is_edge
FROM {source}
WHERE has_person AND event IN ('$identify', '$create_alias', '$merge_dangerously')
