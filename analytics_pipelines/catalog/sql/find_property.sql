SELECT id, name, kind, group_type_index, type, first_seen, last_seen, volume, 1 AS found
FROM property_catalog
WHERE team_id = {team:Int64} AND NOT is_other AND id = {id:UUID}
