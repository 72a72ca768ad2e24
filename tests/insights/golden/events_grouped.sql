SELECT JSONExtract(`events`.`properties`, {p0:String}, {json_value:String}) AS `column_0`, sum(toFloat64OrNull(JSONExtract(`events`.`properties`, {p1:String}, {json_value:String}))) AS `column_1`
FROM (SELECT event, properties, timestamp FROM events
WHERE team_id = {team_id:Int64}) AS `events`
WHERE ((`events`.`timestamp` < toDateTime64({p3:String}, 6, {p2:String})) AND (`events`.`event` = {p4:String})) GROUP BY JSONExtract(`events`.`properties`, {p0:String}, {json_value:String}) HAVING ifNull((sum(toFloat64OrNull(JSONExtract(`events`.`properties`, {p1:String}, {json_value:String}))) > {p5:UInt8}), 0) ORDER BY sum(toFloat64OrNull(JSONExtract(`events`.`properties`, {p1:String}, {json_value:String}))) DESC LIMIT 101
-- {'team_id': 1, 'p0': 'plan', 'json_value': 'Nullable(String)', 'p1': 'price', 'p2': 'UTC', 'p3': '2024-05-08 00:00:05.000000', 'p4': 'buy', 'p5': 10}
