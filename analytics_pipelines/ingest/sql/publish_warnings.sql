-- What was loaded, but not as its sender may have meant it. The table keeps one row of an event and type, so writing a
-- batch again changes nothing.
INSERT INTO ingestion_warnings (team_id, received_at, type, distinct_id, uuid, event, details, batch_id)
SELECT
    team_id, received_at, type, distinct_id, uuid, event,
    if(
        event = '$$client_ingestion_warning',
        concat('{{"message":', toJSONString(JSONExtractString(properties, '$$client_ingestion_warning_message')), '}}'),
        ''
    ),
    toUUID('{batch_id}')
FROM {staging}
ARRAY JOIN warnings AS type
WHERE reason = '' AND dropped_by = ''
ORDER BY team_id, type, uuid, received_at
