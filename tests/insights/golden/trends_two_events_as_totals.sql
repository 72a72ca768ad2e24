SELECT countIf((`events`.`event` = {p0:String})) AS `number_0`, uniqExactIf(`events`.`person_id`, (`events`.`event` = {p1:String})) AS `number_1`
FROM (SELECT event, timestamp, ifNull(overrides.current_person_id, events.person_id) AS person_id FROM events GLOBAL ANY LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `events`
WHERE (((`events`.`timestamp` >= toDateTime64({p3:String}, 6, {p2:String})) AND (`events`.`timestamp` <= toDateTime64({p4:String}, 6, {p2:String}))) AND ((`events`.`event` = {p0:String}) OR (`events`.`event` = {p1:String}))) LIMIT 50000
-- {'team_id': 1, 'p0': 'view', 'p1': "it's", 'p2': 'UTC', 'p3': '2024-05-01 03:00:00.000000', 'p4': '2024-05-09 02:59:59.999999'}
