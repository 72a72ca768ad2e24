SELECT countIf((`events`.`event` = {p0:String})) AS `series_0`, uniqExactIf(`events`.`person_id`, (`events`.`event` = {p1:String})) AS `series_1`
FROM (SELECT uuid, event, properties, timestamp, distinct_id, person_id, elements_chain, received_at, received_at AS created_at FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE ((`events`.`timestamp` >= toDateTime64({p3:String}, 6, {p2:String})) AND (`events`.`timestamp` <= toDateTime64({p4:String}, 6, {p2:String})) AND (`events`.`event` IN ({p0:String}, {p1:String}))) LIMIT 50000
-- {'team_id': 1, 'p0': 'view', 'p1': "it's", 'p2': 'UTC', 'p3': '2024-05-01 03:00:00.000000', 'p4': '2024-05-09 02:59:59.999999'}
