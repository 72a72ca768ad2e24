SELECT DISTINCT team_id, toDate32(timestamp) AS day
FROM {staging}
WHERE number IN (SELECT number FROM {numbers})
ORDER BY team_id, day
