-- What events say of persons. Events of an id that say something of the same properties are one row with the newest and
-- the oldest of them: for each property the last and the first word is in one of these.
CREATE TABLE {words} ENGINE = Memory AS
WITH
    -- text that sorts by time, then uuid
    concat(leftPad(hex(toUInt64(toUnixTimestamp64Micro(timestamp) + 2208988800000000)), 14, '0'), hex(uuid)) AS stamp
SELECT
    team_id,
    distinct_id,
    sipHash64(
        arrayFilter(key -> has({copied}, key), JSONExtractKeys(properties) AS keys),
        JSONExtractKeys(if(has(keys, '$set'), properties, ''), '$set'),
        JSONExtractKeys(if(has(keys, '$set_once'), properties, ''), '$set_once'),
        JSONExtractRaw(if(has(keys, '$unset'), properties, ''), '$unset')
    ) AS shape,
    max(stamp) AS newest_stamp,
    min(stamp) AS oldest_stamp,
    argMax(properties, stamp) AS newest,
    argMin(properties, stamp) AS oldest
FROM {source}
WHERE has_person AND {kept}
  AND event NOT IN ('$exception', '$$heatmap', '$groupidentify', '$snapshot', '$performance_event')
GROUP BY team_id, distinct_id, shape
