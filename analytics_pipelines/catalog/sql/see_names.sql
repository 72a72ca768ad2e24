-- One row for each name, with its events.
INSERT INTO {seen} (team_id, kind, group_type_index, name, first_seen, last_seen, received_at, events)
WITH brought.1 AS brought_kind, brought.3 AS brought_name
SELECT
    team_id, brought_kind, if(brought_kind = 'group', toInt8(index), toInt8(-1)) AS brought_index, brought_name,
    min(first_seen), max(last_seen), max(received_at), uniqCombined64MergeState(13)(events)
FROM
(
    SELECT
        team_id, event, has_person, any(properties) AS properties,
        min(shapes.first_seen) AS first_seen, max(shapes.last_seen) AS last_seen, max(shapes.received_at) AS received_at,
        uniqCombined64MergeState(13)(shapes.events) AS events
    FROM {shapes} AS shapes
    GROUP BY team_id, event, has_person, shape
) AS said
ARRAY JOIN {brought} AS brought
LEFT JOIN
(
    SELECT DISTINCT team_id, index, name AS group_type FROM group_types
) AS types ON types.team_id = said.team_id AND types.group_type = brought.2
WHERE brought_kind != 'group' OR types.group_type != ''
GROUP BY team_id, brought_kind, brought_index, brought_name
