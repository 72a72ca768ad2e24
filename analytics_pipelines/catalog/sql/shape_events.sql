-- Events whose properties have the same names and types become one row: some dozens of a batch.
INSERT INTO {shapes}
WITH
    arrayMap(pair -> (pair.1, {type_of}), JSONExtractKeysAndValuesRaw(properties)) AS shape,
    if(
        has_person AND position(properties, '"$set') > 0 AND event NOT IN ('$exception', '$$heatmap'),
        arrayMap(pair -> (pair.1, {type_of}), arrayConcat(
            JSONExtractKeysAndValuesRaw(properties, '$set'), JSONExtractKeysAndValuesRaw(properties, '$set_once')
        )),
        []
    ) AS person_shape,
    has_person AND event = '$groupidentify' AS identifies,
    if(identifies, JSONExtractString(properties, '$group_type'), '') AS group_type,
    if(
        identifies,
        arrayMap(pair -> (pair.1, {type_of}), JSONExtractKeysAndValuesRaw(properties, '$group_set')),
        []
    ) AS group_shape
SELECT
    team_id, event, shape, person_shape, group_type, group_shape,
    min(timestamp), max(timestamp), max(received_at), uniqCombined64State(13)(uuid)
FROM {published}
GROUP BY team_id, event, shape, person_shape, group_type, group_shape
