-- The same events straight into a table of events, each once. A person's stored id only has to be an id of 16 bytes here.
SELECT
    toInt64(1) AS team_id,
    toUUID(uuid) AS uuid,
    event,
    distinct_id,
    reinterpret(sipHash128(1, distinct_id), 'UUID') AS person_id,
    fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC') AS timestamp,
    properties,
    fromUnixTimestamp64Milli(toInt64(received_ms), 'UTC') AS received_at
FROM (__EVENTS__)
