SELECT
    count() AS lines,
    countIf(reason != '') AS dead_letters,
    countIf(dropped_by != '') AS dropped,
    (
        SELECT count()
        FROM events
        WHERE batch_id = {{batch_id:UUID}}
          AND received_at >= (SELECT min(received_at) FROM {staging})
          AND received_at <= (SELECT max(received_at) FROM {staging})
    ) AS events
FROM {staging}
