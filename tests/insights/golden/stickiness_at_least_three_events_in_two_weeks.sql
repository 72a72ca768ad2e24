SELECT `active`.`intervals` AS `intervals`, count() AS `actors`
FROM (SELECT `found`.`actor_id` AS `actor_id`, `found`.`intervals` AS `intervals`
FROM (SELECT `events`.`person_id` AS `actor_id`, arrayCount((`place`) -> ifNull((countEqual(groupArray(transform(roundDown(toUnixTimestamp64Second(toTimeZone(`events`.`timestamp`, {tz:String})), {p0:Array(Int64)}), {p0:Array(Int64)}, {p1:Array(Int64)}, {p2:UInt8})), `place`) >= {p3:UInt8}), 0), arrayDistinct(groupArray(transform(roundDown(toUnixTimestamp64Second(toTimeZone(`events`.`timestamp`, {tz:String})), {p0:Array(Int64)}), {p0:Array(Int64)}, {p1:Array(Int64)}, {p2:UInt8})))) AS `intervals`
FROM (SELECT event, timestamp, ifNull(overrides.current_person_id, events.person_id) AS person_id FROM events GLOBAL ANY LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `events`
WHERE (((`events`.`timestamp` >= toDateTime64({p5:String}, 6, {p4:String})) AND (`events`.`timestamp` <= toDateTime64({p6:String}, 6, {p4:String}))) AND (`events`.`event` = {p7:String})) GROUP BY `actor_id`) AS `found`
WHERE (`found`.`intervals` > {p2:UInt8})) AS `active` GROUP BY `intervals` ORDER BY `intervals` ASC LIMIT 50000
-- {'team_id': 1, 'tz': 'America/Sao_Paulo', 'p0': [1711594800, 1712804400, 1714014000], 'p1': [0, 1, 2], 'p2': 0, 'p3': 3, 'p4': 'UTC', 'p5': '2024-04-07 03:00:00.000000', 'p6': '2024-05-09 02:59:59.999999', 'p7': 'view'}
