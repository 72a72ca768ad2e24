SELECT index, key, properties, created_at
FROM groups
WHERE team_id = {team:Int64} AND index = {index:UInt8} AND key = {key:String}
