-- One row for each name: its events, and of what type its values were in up to 64 of them. Of these, the one of the least
-- hash in each part of the range: the same whatever the batch, and a fair sample of all.
INSERT INTO {seen}
WITH brought.1 AS brought_kind, brought.3 AS brought_name
SELECT
    team_id, brought_kind, if(brought_kind = 'group', toInt8(index), toInt8(-1)) AS brought_index, brought_name,
    min(first_seen), max(last_seen), max(received_at), uniqCombined64MergeState(13)(events),
    minMap(if(
        is_evidence,
        map(toUInt8(bitShiftRight(hash, 58)), bitOr(bitShiftLeft(bitShiftRight(hash, 3), 3), toUInt64(brought.4))),
        map()
    ))
FROM
(
    SELECT
        team_id, event, has_person, any(properties) AS properties, toUInt64(0) AS hash, false AS is_evidence,
        min(first_seen) AS first_seen, max(last_seen) AS last_seen, max(received_at) AS received_at,
        uniqCombined64MergeState(13)(events) AS events
    FROM {shapes}
    GROUP BY team_id, event, has_person, shape
    UNION ALL
    SELECT
        team_id, event, has_person, properties, hash, true, first_seen, last_seen, received_at,
        arrayReduce('uniqCombined64State(13)', CAST([], 'Array(UUID)'))
    FROM {shapes}
) AS said
ARRAY JOIN {brought} AS brought
LEFT JOIN
(
    SELECT DISTINCT team_id, index, name AS group_type FROM group_types
) AS types ON types.team_id = said.team_id AND types.group_type = brought.2
WHERE brought_kind != 'group' OR types.group_type != ''
GROUP BY team_id, brought_kind, brought_index, brought_name
