SELECT id, name, kind, group_type_index, type, first_seen, last_seen, volume, count() OVER () AS found
FROM property_catalog
WHERE team_id = {{team:Int64}} AND NOT is_other AND kind = {{kind:String}}
  AND ({{group_type_index:Int8}} = -1 OR group_type_index = {{group_type_index:Int8}})
  AND positionCaseInsensitiveUTF8(name, {{search:String}}) > 0
ORDER BY {order}, name, group_type_index
LIMIT {{limit:UInt32}} OFFSET {{offset:UInt32}}
