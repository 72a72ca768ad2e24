INSERT INTO merge_log (team_id, uuid, timestamp, event, target, other, received_at, batch_id, version)
SELECT DISTINCT ON (team_id, uuid) team_id, uuid, timestamp, event, target, other, received_at, %(batch_id)s, %(version)s
FROM sent_edges
ORDER BY team_id, uuid, timestamp, target, other
ON CONFLICT (team_id, uuid) DO NOTHING
RETURNING team_id, uuid, target, other
