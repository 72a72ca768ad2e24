-- every column of a table
SELECT * FROM events
-- sql
SELECT `events`.`uuid` AS `uuid`, `events`.`event` AS `event`, `events`.`properties` AS `properties`, toTimeZone(`events`.`timestamp`, {tz:String}) AS `timestamp`, `events`.`distinct_id` AS `distinct_id`, `events`.`person_id` AS `person_id`, `events`.`elements_chain` AS `elements_chain`, `events`.`$session_id` AS `$session_id`, `events`.`$window_id` AS `$window_id`, toTimeZone(`events`.`created_at`, {tz:String}) AS `created_at`, `events`.`$group_0` AS `$group_0`, `events`.`$group_1` AS `$group_1`, `events`.`$group_2` AS `$group_2`, `events`.`$group_3` AS `$group_3`, `events`.`$group_4` AS `$group_4`
FROM (SELECT uuid, event, properties, timestamp, distinct_id, ifNull(overrides.current_person_id, events.person_id) AS person_id, elements_chain, `$session_id`, `$window_id`, received_at AS created_at, arrayElement(groups, {group_0:String}) AS `$group_0`, arrayElement(groups, {group_1:String}) AS `$group_1`, arrayElement(groups, {group_2:String}) AS `$group_2`, arrayElement(groups, {group_3:String}) AS `$group_3`, arrayElement(groups, {group_4:String}) AS `$group_4`
FROM events GLOBAL ANY
LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id
FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "tz": "America/Sao_Paulo", "group_0": "company", "group_1": "project", "group_2": "", "group_3": "", "group_4": ""}

-- a limit that is larger than allowed is clipped
SELECT event FROM events LIMIT 100000
-- sql
SELECT `events`.`event` AS `event`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events`
LIMIT 50000
-- parameters
{"team_id": 7}

-- count(*) is count()
SELECT count(*) AS n, count(DISTINCT person_id) AS people FROM events
-- sql
SELECT count() AS `n`, uniqExact(`events`.`person_id`) AS `people`
FROM (SELECT ifNull(overrides.current_person_id, events.person_id) AS person_id
FROM events GLOBAL ANY
LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id
FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7}

-- positions and aliases in GROUP BY and ORDER BY
SELECT event AS name, count() AS n FROM events GROUP BY 1 HAVING n > 5 ORDER BY 2 DESC, name NULLS FIRST
-- sql
SELECT `events`.`event` AS `name`, count() AS `n`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events`
GROUP BY `name`
HAVING (`n` > {p0:UInt8})
ORDER BY `n` DESC, `name` ASC NULLS FIRST
LIMIT 100
-- parameters
{"team_id": 7, "p0": 5}

-- an alias named like a column: WHERE sees the column, GROUP BY the alias
SELECT toStartOfDay(timestamp) AS timestamp, count() FROM events WHERE timestamp >= '2024-05-05' GROUP BY timestamp ORDER BY timestamp
-- sql
SELECT toStartOfDay(toTimeZone(`events`.`timestamp`, {tz:String})) AS `timestamp`, count() AS `count()`
FROM (SELECT timestamp FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE (`events`.`timestamp` >= parseDateTime64BestEffort({p0:String}, 6, {tz:String}))
GROUP BY `timestamp`
ORDER BY `timestamp` ASC
LIMIT 100
-- parameters
{"team_id": 7, "tz": "America/Sao_Paulo", "p0": "2024-05-05"}

-- no limit inside a subquery
SELECT n FROM (SELECT count() AS n FROM events GROUP BY event) ORDER BY n
-- sql
SELECT `_query_1`.`n` AS `n`
FROM (SELECT count() AS `n`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events`
GROUP BY `events`.`event`) AS `_query_1`
ORDER BY `_query_1`.`n` ASC
LIMIT 100
-- parameters
{"team_id": 7}

-- a CTE named like a table
WITH events AS (SELECT event FROM events WHERE event != '') SELECT count() FROM events
-- sql
WITH `_cte_1` AS (SELECT `events`.`event` AS `event`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE (`events`.`event` != {p0:String})) SELECT count() AS `count()`
FROM `_cte_1` AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "p0": ""}

-- each side of a join is guarded
SELECT a.event, b.n FROM events a LEFT JOIN (SELECT event, count() AS n FROM events GROUP BY event) b ON a.event = b.event
-- sql
SELECT `a`.`event` AS `event`, `b`.`n` AS `n`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `a`
LEFT JOIN (SELECT `events`.`event` AS `event`, count() AS `n`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events`
GROUP BY `events`.`event`) AS `b` ON (`a`.`event` = `b`.`event`)
LIMIT 100
-- parameters
{"team_id": 7}

-- after a UNION, ORDER BY and LIMIT bind to the whole
SELECT event FROM events UNION ALL SELECT distinct_id FROM events ORDER BY event LIMIT 5
-- sql
SELECT *
FROM ((SELECT `events`.`event` AS `event`
FROM (SELECT event, distinct_id FROM events WHERE team_id = {team_id:Int64}) AS `events`)
UNION ALL (SELECT `events`.`distinct_id` AS `distinct_id`
FROM (SELECT event, distinct_id FROM events WHERE team_id = {team_id:Int64}) AS `events`)) AS `_union`
ORDER BY `event` ASC
LIMIT 5
-- parameters
{"team_id": 7}

-- the best per group
SELECT event, timestamp FROM events ORDER BY timestamp DESC LIMIT 2 BY event LIMIT 10 OFFSET 5
-- sql
SELECT `events`.`event` AS `event`, toTimeZone(`events`.`timestamp`, {tz:String}) AS `timestamp`
FROM (SELECT event, timestamp FROM events WHERE team_id = {team_id:Int64}) AS `events`
ORDER BY toTimeZone(`events`.`timestamp`, {tz:String}) DESC
LIMIT 2 BY `events`.`event`
LIMIT 10 OFFSET 5
-- parameters
{"team_id": 7, "tz": "America/Sao_Paulo"}

-- window functions
SELECT event, row_number() OVER (PARTITION BY distinct_id ORDER BY timestamp) AS n, sum(count()) OVER (ORDER BY event ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM events GROUP BY event, distinct_id, timestamp
-- sql
SELECT `events`.`event` AS `event`, row_number() OVER (PARTITION BY `events`.`distinct_id`
ORDER BY toTimeZone(`events`.`timestamp`, {tz:String}) ASC) AS `n`, sum(count()) OVER (ORDER BY `events`.`event` ASC ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS `sum(count()) OVER (ORDER BY event ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)`
FROM (SELECT event, timestamp, distinct_id FROM events WHERE team_id = {team_id:Int64}) AS `events`
GROUP BY `events`.`event`, `events`.`distinct_id`, toTimeZone(`events`.`timestamp`, {tz:String})
LIMIT 100
-- parameters
{"team_id": 7, "tz": "America/Sao_Paulo"}

-- lambdas, arrays, tuples
SELECT arrayMap(x -> x + 1, [1, 2])[1], arrayFilter((x, y) -> x > y, [1], [2]), (1, 'a').2
-- sql
SELECT arrayElement(arrayMap((`x`) -> plus(`x`, {p0:UInt8}), array({p0:UInt8}, {p1:UInt8})), {p0:UInt8}) AS `arrayMap(x -> x + 1, [1, 2])[1]`, arrayFilter((`x`, `y`) -> ifNull((`x` > `y`), 0), array({p0:UInt8}), array({p1:UInt8})) AS `arrayFilter((x, y) -> x > y, [1], [2])`, tupleElement(tuple({p0:UInt8}, {p2:String}), {p1:UInt8}) AS `(1, 'a').2`
LIMIT 100
-- parameters
{"team_id": 7, "p0": 1, "p1": 2, "p2": "a"}
