-- Lines of raw objects, as capture writes them (analytics_pipelines/events/envelope.py).
SELECT concat(
    '{"received_at":', toString(received_ms),
    ',"sent_at":"', formatDateTime(fromUnixTimestamp64Milli(toInt64(seen_ms), 'UTC'), '%FT%TZ'),
    '","ip":"', address, '","user_agent":"', user_agent, '","token":"phc_benchmark","project":1,"path":"/e/","uuid":"', uuid,
    '","event":{"uuid":"', uuid, '","event":"', event, '","distinct_id":"', distinct_id, '","properties":', properties,
    ',"timestamp":"', formatDateTime(fromUnixTimestamp64Milli(toInt64(timestamp_ms), 'UTC'), '%FT%T.%fZ'), '"}}'
)
FROM (__EVENTS__)
SETTINGS max_threads = 1 -- which keeps their order
