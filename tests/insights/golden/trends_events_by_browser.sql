SELECT `ranked`.`shown_value_0` AS `shown_value_0`, sumForEach(`ranked`.`number`) AS `number`
FROM (SELECT if((row_number() OVER (ORDER BY arraySum(`counted`.`number`) DESC, `counted`.`value_0` ASC) <= {p0:UInt8}), `counted`.`value_0`, {p1:String}) AS `shown_value_0`, `counted`.`number` AS `number`
FROM (SELECT ifNull(nullIf(`events`.`$browser`, {p2:String}), {p3:String}) AS `value_0`, countResample({p4:UInt8}, {p5:UInt8}, {p6:UInt8})(transform(roundDown(toUnixTimestamp64Second(toTimeZone(`events`.`timestamp`, {tz:String})), {p7:Array(Int64)}), {p7:Array(Int64)}, {p8:Array(Int64)}, {p4:UInt8})) AS `number`
FROM (SELECT event, timestamp, `$browser` FROM events
WHERE team_id = {team_id:Int64}) AS `events`
WHERE (((`events`.`timestamp` >= toDateTime64({p10:String}, 6, {p9:String})) AND (`events`.`timestamp` <= toDateTime64({p11:String}, 6, {p9:String}))) AND (`events`.`event` = {p12:String})) GROUP BY `value_0`) AS `counted`) AS `ranked` GROUP BY `shown_value_0` LIMIT 26
-- {'team_id': 1, 'p0': 25, 'p1': '$$_posthog_breakdown_other_$$', 'p2': '', 'p3': '$$_posthog_breakdown_null_$$', 'p4': 0, 'p5': 8, 'p6': 1, 'tz': 'America/Sao_Paulo', 'p7': [1714532400, 1714618800, 1714705200, 1714791600, 1714878000, 1714964400, 1715050800, 1715137200], 'p8': [0, 1, 2, 3, 4, 5, 6, 7], 'p9': 'UTC', 'p10': '2024-05-01 03:00:00.000000', 'p11': '2024-05-09 02:59:59.999999', 'p12': 'view'}
