SELECT
    uuid, event, distinct_id, person_id, timestamp, received_at, properties, elements_chain, ip, groups
FROM events
WHERE team_id = {{team:Int64}} AND arrival_day = {{day:Date}} AND distinct_id IN {{ids:Array(String)}}
ORDER BY timestamp, uuid
