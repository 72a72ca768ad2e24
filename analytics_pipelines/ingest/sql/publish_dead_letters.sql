INSERT INTO dead_letters (team_id, received_at, reason, stage, line, batch_id)
SELECT team_id, received_at, reason, stage, line, {{batch_id:UUID}}
FROM {staging}
WHERE reason != ''
  AND (received_at, line) GLOBAL NOT IN (
      SELECT received_at, line FROM dead_letters WHERE batch_id = {{batch_id:UUID}}
  )
ORDER BY team_id, received_at, line
