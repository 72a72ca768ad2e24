-- The first five kinds of groups of each project, in their order of arrival: no more than these can get a number.
SELECT team_id, type
FROM {named}
GROUP BY team_id, type
ORDER BY team_id, min((received_at, toUInt128(uuid), position)), type
LIMIT 5 BY team_id
