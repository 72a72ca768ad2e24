SELECT `source`.`actor_id` AS `column_0`, `source`.`event_count` AS `column_1`
FROM (SELECT `events`.`person_id` AS `actor_id`, count() AS `event_count`
FROM (SELECT event, timestamp, ifNull(overrides.current_person_id, events.person_id) AS person_id FROM events GLOBAL ANY LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `events`
WHERE (((`events`.`timestamp` >= toDateTime64({p1:String}, 6, {p0:String})) AND (`events`.`timestamp` <= toDateTime64({p2:String}, 6, {p0:String}))) AND (`events`.`event` = {p3:String})) GROUP BY `actor_id`) AS `source` ORDER BY `source`.`event_count` DESC, `source`.`actor_id` ASC LIMIT 101
-- {'team_id': 1, 'p0': 'UTC', 'p1': '2024-05-01 03:00:00.000000', 'p2': '2024-05-02 02:59:59.999999', 'p3': 'buy'}
