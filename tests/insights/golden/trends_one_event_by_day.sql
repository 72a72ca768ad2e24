SELECT roundDown(toUnixTimestamp64Second(toTimeZone(`events`.`timestamp`, {tz:String})), {p0:Array(Int64)}) AS `bucket`, count() AS `number_0`
FROM (SELECT event, timestamp FROM events
WHERE team_id = {team_id:Int64}) AS `events`
WHERE (((`events`.`timestamp` >= toDateTime64({p2:String}, 6, {p1:String})) AND (`events`.`timestamp` <= toDateTime64({p3:String}, 6, {p1:String}))) AND (`events`.`event` = {p4:String})) GROUP BY `bucket` LIMIT 50000
-- {'team_id': 1, 'tz': 'America/Sao_Paulo', 'p0': [1714532400, 1714618800, 1714705200, 1714791600, 1714878000, 1714964400, 1715050800, 1715137200], 'p1': 'UTC', 'p2': '2024-05-01 03:00:00.000000', 'p3': '2024-05-09 02:59:59.999999', 'p4': 'view'}
