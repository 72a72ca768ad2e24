SELECT `counted`.`bucket` AS `bucket`, quantileExactInclusive({p0:Float64})(`counted`.`times`) AS `number`
FROM (SELECT roundDown(toUnixTimestamp64Second(toTimeZone(`events`.`timestamp`, {tz:String})), {p1:Array(Int64)}) AS `bucket`, `events`.`person_id` AS `actor`, count() AS `times`
FROM (SELECT event, timestamp, ifNull(overrides.current_person_id, events.person_id) AS person_id FROM events GLOBAL ANY LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `events`
WHERE (((`events`.`timestamp` >= toDateTime64({p3:String}, 6, {p2:String})) AND (`events`.`timestamp` <= toDateTime64({p4:String}, 6, {p2:String}))) AND (`events`.`event` = {p5:String})) GROUP BY `bucket`, `actor`) AS `counted` GROUP BY `bucket` LIMIT 8
-- {'team_id': 1, 'p0': 0.5, 'tz': 'America/Sao_Paulo', 'p1': [1714532400, 1714618800, 1714705200, 1714791600, 1714878000, 1714964400, 1715050800, 1715137200], 'p2': 'UTC', 'p3': '2024-05-01 03:00:00.000000', 'p4': '2024-05-09 02:59:59.999999', 'p5': 'view'}
