-- One row for each group that an event of the batch names; `properties` is what the event says of it, as JSON.
INSERT INTO {named}
WITH
    event = '$groupidentify' AND has_person AS identifies,
    -- what is no text becomes the text that it is in JSON; what JavaScript takes for false names nothing
    arrayMap(
        name -> multiIf(
            JSONType(properties, name) = 'String', JSONExtractString(properties, name),
            JSONExtractRaw(properties, name) IN ('', 'null', 'false', '0'), '',
            JSONExtractRaw(properties, name)
        ),
        if(identifies, ['$group_type', '$group_key'], [])
    ) AS identified,
    if(identifies, JSONExtractRaw(properties, '$group_set'), '') AS group_set,
    arrayConcat(
        arrayMap(pair -> (toString(pair.1), pair.2, ''), CAST(groups, 'Array(Tuple(String, String))')),
        if(identifies, [(identified[1], replaceAll(identified[2], '\0', '�'), group_set)], [])
    ) AS all_named
SELECT team_id, uuid, event, distinct_id, timestamp, received_at, position, one.1, one.2, one.3
FROM {published}
ARRAY JOIN all_named AS one, arrayEnumerate(all_named) AS position
WHERE (notEmpty(groups) OR identifies) AND one.1 != '' AND one.2 != ''
