SELECT `sessions`.`session_id` AS `column_0`, `sessions`.`$session_duration` AS `column_1`
FROM (SELECT session_id, start AS `$start_timestamp`, duration AS `$session_duration` FROM sessions
WHERE team_id = {team_id:Int64}) AS `sessions`
WHERE ((`sessions`.`session_id` IN (SELECT `events`.`$session_id` AS `$session_id`
FROM (SELECT event, `$session_id` FROM events
WHERE team_id = {team_id:Int64}) AS `events`
WHERE (`events`.`event` = {p0:String}))) AND (`sessions`.`$start_timestamp` >= toDateTime64({p2:String}, 6, {p1:String})) AND (`sessions`.`$start_timestamp` < toDateTime64({p3:String}, 6, {p1:String}))) ORDER BY `sessions`.`$session_duration` DESC LIMIT 101
-- {'team_id': 1, 'p0': 'buy', 'p1': 'UTC', 'p2': '2024-05-07 00:00:00.000000', 'p3': '2024-05-08 00:00:05.000000'}
