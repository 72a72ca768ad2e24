SELECT
    count() AS lines,
    countIf(dropped_by != '') AS dropped,
    (
        SELECT count() FROM {events} WHERE arrival_day = toDate('{arrival_day}') AND batch_id = toUUID('{batch_id}')
    ) AS events,
    (
        SELECT count() FROM {dead_letters}
        WHERE arrival_day = toDate('{arrival_day}') AND batch_id = toUUID('{batch_id}')
    ) AS dead_letters
FROM {staging}
