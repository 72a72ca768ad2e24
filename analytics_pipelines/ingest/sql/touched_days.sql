SELECT DISTINCT team_id, toDate32(timestamp) AS day
FROM {staging}
WHERE reason = '' AND dropped_by = ''
ORDER BY team_id, day
