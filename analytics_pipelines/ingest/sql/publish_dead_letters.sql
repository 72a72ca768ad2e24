INSERT INTO dead_letters (team_id, received_at, reason, stage, line, batch_id)
SELECT team_id, received_at, reason, 'ingest', line, {{batch_id:UUID}}
FROM {staging}
WHERE reason != ''
  AND (SELECT count() FROM dead_letters WHERE batch_id = {{batch_id:UUID}}) = 0
ORDER BY team_id, received_at, line
