-- Events → what they say of each distinct id. Events of an id that say something of the same properties are one row with
-- the oldest and the newest of them: for each property the first or the last word is in one of the two.
CREATE TABLE {reduced} ENGINE = Memory AS
WITH
    {kept} AS is_kept, -- not from before its person was deleted
    if(event = '$identify', '$anon_distinct_id', 'alias') AS other_key,
    has_person AND event IN ('$identify', '$create_alias', '$merge_dangerously') AS may_merge,
    if(may_merge, properties, '') AS merge_properties,
    JSONType(merge_properties, other_key) AS other_type,
    -- as JavaScript has it: what is falsy names nobody, an object is text that is no id
    multiIf(
        NOT may_merge OR other_type = 'Null', '',
        other_type IN ('Object', 'Array'), '[object Object]',
        other_type = 'Bool' AND NOT JSONExtractBool(merge_properties, other_key), '',
        other_type != 'String' AND JSONExtractFloat(merge_properties, other_key) = 0 AND other_type != 'Bool', '',
        leftUTF8(replaceAll(JSONExtract(merge_properties, other_key, 'String'), '\0', '�'), 200)
    ) AS other,
    other NOT IN ('', distinct_id) AS is_edge,
    has_person AND is_kept
        AND event NOT IN ('$exception', '$$heatmap', '$groupidentify', '$snapshot', '$performance_event') AS is_said,
    if(is_said, properties, '') AS said,
    JSONExtractKeys(said) AS keys,
    if(
        is_said,
        sipHash64(
            arrayFilter(key -> has({copied}, key), keys),
            JSONExtractKeys(if(has(keys, '$set'), said, ''), '$set'),
            JSONExtractKeys(if(has(keys, '$set_once'), said, ''), '$set_once'),
            JSONExtractRaw(if(has(keys, '$unset'), said, ''), '$unset')
        ),
        0
    ) AS shape,
    -- text that sorts by time, then uuid
    concat(
        substring(hex(toUInt64(toUnixTimestamp64Micro(timestamp) + 2208988800000000)), 3), upper(hex(uuid))
    ) AS stamp
SELECT
    team_id,
    distinct_id,
    shape,
    min(timestamp) AS first_seen,
    minOrNullIf(timestamp, has_person AND NOT is_edge) AS first_with_person,
    minOrNullIf(timestamp, NOT has_person) AS first_without_person,
    groupUniqArray(toDate32(timestamp)) AS days,
    minOrNullIf(timestamp, is_kept) AS created_at,
    max(has_person AND is_kept) AS is_personful,
    maxIf(stamp, is_said) AS newest_stamp,
    minIf(stamp, is_said) AS oldest_stamp,
    argMaxIf(said, stamp, is_said) AS newest,
    argMinIf(said, stamp, is_said) AS oldest,
    groupArrayIf((uuid, timestamp, event, other, received_at), is_edge) AS edges
FROM {source}
GROUP BY team_id, distinct_id, shape
