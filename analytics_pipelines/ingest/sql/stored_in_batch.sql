-- Events that a batch holds already and that have a uuid of these lines: which of the two was received first.
SELECT stored.team_id, stored.uuid, staged.place < stored.place AS gives_way, toDate32(stored.place.4) AS day,
    stored.place.3 AS distinct_id
FROM
(
    SELECT team_id, uuid, (received_at, event, distinct_id, timestamp, properties) AS place
    FROM {events}
    WHERE arrival_day = toDate('{arrival_day}') AND batch_id = toUUID('{batch_id}')
      AND (team_id, uuid) IN (SELECT team_id, uuid FROM {staging} WHERE reason = '' AND dropped_by = '')
) AS stored
INNER JOIN
(
    SELECT team_id, uuid, min((received_at, event, distinct_id, timestamp, properties)) AS place
    FROM {staging}
    WHERE reason = '' AND dropped_by = ''
    GROUP BY team_id, uuid
) AS staged ON staged.team_id = stored.team_id AND staged.uuid = stored.uuid
WHERE staged.place != stored.place
