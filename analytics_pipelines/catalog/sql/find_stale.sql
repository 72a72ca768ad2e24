-- What the rows of a project say otherwise than those that were gathered beside them from its events, or say in vain.
-- Nothing of that about which something was said by an event that is not kept.
CREATE TABLE {stale} ENGINE = Memory AS
SELECT {keys}
FROM
(
    SELECT {keys}, {says} AS says, min(first_seen) AS since
    FROM {table} WHERE team_id = {{team:Int64}} GROUP BY {keys}
    UNION ALL
    SELECT {keys}, {says} AS says, min(first_seen) AS since
    FROM {beside} GROUP BY {keys}
)
GROUP BY {keys}
HAVING (count() = 1 OR uniqExact(says) > 1) AND min(since) >= {{since:DateTime64(6, 'UTC')}}
