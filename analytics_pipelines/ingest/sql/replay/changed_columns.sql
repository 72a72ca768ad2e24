-- How often each column changed among events that are there before and after.
SELECT name, sum(is_changed) AS times
FROM
(
    SELECT
        {names} AS name,
        arrayMap((old, new) -> old != new, argMax(contents, is_new = 0), argMax(contents, is_new = 1)) AS is_changed
    FROM
    (
        SELECT 0 AS is_new, team_id, uuid, [{hashes}] AS contents FROM {before}
        WHERE (team_id, uuid) IN (SELECT team_id, uuid FROM {differences} WHERE kind = 'changed')
        UNION ALL
        SELECT 1, team_id, uuid, [{hashes}] FROM {after}
        WHERE (team_id, uuid) IN (SELECT team_id, uuid FROM {differences} WHERE kind = 'changed')
    )
    GROUP BY team_id, uuid
)
ARRAY JOIN name, is_changed
GROUP BY name
HAVING times > 0
ORDER BY times DESC, name
