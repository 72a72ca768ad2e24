-- Of two events with one uuid the one that was received first counts, whichever is loaded first; a tie goes by content.
SELECT DISTINCT old.team_id, old.uuid, old.batch_id, old.arrival_day, toDate32(old.place.4) AS day,
    old.place.3 AS distinct_id,
    -- whether more than the moment of arrival differs
    (old.place.2, old.place.3, old.place.4, old.place.5) != (new.place.2, new.place.3, new.place.4, new.place.5)
        AS says_else
FROM
(
    SELECT
        team_id, uuid, batch_id, arrival_day,
        (received_at, event, distinct_id, timestamp, properties) AS place
    FROM {counting}
    WHERE arrival_day IN (SELECT arrival_day FROM {stored}) AND (team_id, uuid) GLOBAL IN (
        SELECT stored.team_id, stored.uuid
        FROM {stored} AS stored
        INNER JOIN {staging} AS staged ON stored.team_id = staged.team_id AND stored.uuid = staged.uuid
        WHERE staged.received_at <= stored.received_at AND staged.reason = '' AND staged.dropped_by = ''
    )
) AS old
INNER JOIN
(
    SELECT team_id, uuid, min((received_at, event, distinct_id, timestamp, properties)) AS place
    FROM {staging}
    WHERE reason = '' AND dropped_by = '' AND (team_id, uuid) IN (SELECT team_id, uuid FROM {stored})
    GROUP BY team_id, uuid
) AS new ON old.team_id = new.team_id AND old.uuid = new.uuid
WHERE old.batch_id != toUUID('{batch_id}') AND new.place < old.place
