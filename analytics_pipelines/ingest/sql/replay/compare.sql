-- Events of a day that are there only before, only after, or say something else. A row a uuid; a day is held on disk
-- where it is large.
INSERT INTO {differences} (team_id, uuid, kind, event)
SELECT
    team_id, uuid,
    multiIf(NOT is_before, 'added', NOT is_after, 'removed', 'changed') AS kind,
    if(is_after, event_after, event_before)
FROM
(
    SELECT
        team_id, uuid,
        max(is_new = 0) AS is_before,
        max(is_new = 1) AS is_after,
        maxIf(event, is_new = 0) AS event_before,
        maxIf(event, is_new = 1) AS event_after,
        maxIf(content, is_new = 0) AS content_before,
        maxIf(content, is_new = 1) AS content_after
    FROM
    (
        SELECT 0 AS is_new, team_id, uuid, event, cityHash64({values}) AS content FROM {before}
        UNION ALL
        SELECT 1, team_id, uuid, event, cityHash64({values}) FROM {after}
    )
    GROUP BY team_id, uuid
)
WHERE NOT is_before OR NOT is_after OR content_before != content_after
