-- Warnings of a project by type, the latest first, each with the event that caused the latest of it. A row may be there
-- twice until ClickHouse merges it, so events are counted and not rows.
WITH by_type AS
(
    SELECT type, uniqCombined64(uuid) AS events, max((received_at, uuid)) AS latest
    FROM ingestion_warnings
    WHERE team_id = {team:Int64} AND received_at >= {since:DateTime64(3)}
    GROUP BY type
    ORDER BY latest DESC
    LIMIT {most:UInt32}
)
SELECT type, events, latest.1, event, distinct_id, uuid, details
FROM ingestion_warnings
INNER JOIN by_type USING (type)
WHERE team_id = {team:Int64} AND (type, uuid) GLOBAL IN (SELECT type, latest.2 FROM by_type)
ORDER BY latest DESC
LIMIT 1 BY type
