SELECT DISTINCT team_id, toDate32(timestamp) AS day
FROM {staging}
WHERE reason = ''
ORDER BY team_id, day
