-- One row for each name of a property: of what type its values were in up to 32 events. These are the events of the least
-- hash in each part of the range: the same whatever the batch, and a fair sample of all.
INSERT INTO {seen} (team_id, kind, group_type_index, name, first_seen, last_seen, received_at, evidence)
WITH brought.1 AS brought_kind, brought.3 AS brought_name
SELECT
    team_id, brought_kind, if(brought_kind = 'group', toInt8(index), toInt8(-1)) AS brought_index, brought_name,
    min(first_seen), max(last_seen), max(received_at),
    minMap(map(toUInt8(bitShiftRight(hash, 59)), bitOr(bitShiftLeft(bitShiftRight(hash, 3), 3), toUInt64(brought.4))))
FROM {shapes} AS said
ARRAY JOIN {brought} AS brought
LEFT JOIN
(
    SELECT DISTINCT team_id, index, name AS group_type FROM group_types
) AS types ON types.team_id = said.team_id AND types.group_type = brought.2
WHERE brought_kind NOT IN ('name', 'group') OR types.group_type != ''
GROUP BY team_id, brought_kind, brought_index, brought_name
