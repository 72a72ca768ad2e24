SELECT index, key, properties, created_at, count() OVER () AS found
FROM groups
WHERE team_id = {team:Int64} AND index = {index:UInt8}
  AND (positionCaseInsensitiveUTF8(key, {search:String}) > 0
       OR positionCaseInsensitiveUTF8(JSONExtractString(properties, 'name'), {search:String}) > 0)
ORDER BY key
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
