-- Events of the day that other days hold, too: of two with one uuid the one that was received first counts.
INSERT INTO {lost} (team_id, uuid, is_elsewhere, batch_id, day, distinct_id)
WITH candidates AS (
    SELECT team_id, uuid FROM {superseding}
    UNION ALL
    SELECT team_id, uuid FROM events
    WHERE arrival_day IN {{days:Array(Date)}} AND batch_id IN {{batches:Array(UUID)}}
)
SELECT other.team_id, other.uuid, own.place < other.place, other.batch_id, toDate32(other.place.4), other.place.3
FROM
(
    SELECT team_id, uuid, batch_id, (received_at, event, distinct_id, timestamp, properties) AS place
    FROM events
    WHERE arrival_day != {{day:Date}} AND (team_id, uuid) IN (SELECT team_id, uuid FROM candidates)
) AS other
INNER JOIN
(
    SELECT team_id, uuid, (received_at, event, distinct_id, timestamp, properties) AS place
    FROM {events}
    WHERE (team_id, uuid) IN (SELECT team_id, uuid FROM candidates)
) AS own ON own.team_id = other.team_id AND own.uuid = other.uuid
