SELECT type, distinct_id, uuid, event, details, received_at
FROM ingestion_warnings FINAL
WHERE team_id = {{team:Int64}} AND distinct_id IN {{ids:Array(String)}}
ORDER BY received_at
