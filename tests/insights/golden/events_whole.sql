SELECT tuple(`events`.`uuid`, `events`.`event`, `events`.`properties`, toTimeZone(`events`.`timestamp`, {tz:String}), `events`.`distinct_id`, `events`.`elements_chain`, toTimeZone(`events`.`created_at`, {tz:String}), `events`.`person_id`) AS `column_0`
FROM (SELECT uuid, event, properties, timestamp, distinct_id, ifNull(overrides.current_person_id, events.person_id) AS person_id, elements_chain, received_at AS created_at FROM events GLOBAL ANY LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `events`
WHERE ((`events`.`event` = {p0:String}) AND (`events`.`timestamp` >= toDateTime64({p2:String}, 6, {p1:String})) AND (`events`.`timestamp` < toDateTime64({p3:String}, 6, {p1:String}))) ORDER BY toTimeZone(`events`.`timestamp`, {tz:String}) DESC LIMIT 11 OFFSET 20
-- {'team_id': 1, 'tz': 'America/Sao_Paulo', 'p0': 'buy', 'p1': 'UTC', 'p2': '2024-05-01 03:00:00.000000', 'p3': '2024-05-08 00:00:05.000000'}
