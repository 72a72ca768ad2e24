SELECT id, name, first_seen, last_seen, volume, count() OVER () AS found
FROM event_catalog
WHERE team_id = {{team:Int64}} AND NOT is_other AND positionCaseInsensitiveUTF8(name, {{search:String}}) > 0
ORDER BY {order}, name
LIMIT {{limit:UInt32}} OFFSET {{offset:UInt32}}
