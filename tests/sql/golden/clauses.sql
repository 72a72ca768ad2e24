-- a row for each element
SELECT event, x, i FROM events ARRAY JOIN splitByChar(',', event) AS x, [1, 2] AS i WHERE x != ''
-- sql
SELECT `events`.`event` AS `event`, `x` AS `x`, `i` AS `i`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events` ARRAY JOIN splitByChar({p0:String}, `events`.`event`) AS `x`, array({p1:UInt8}, {p2:UInt8}) AS `i`
WHERE ifNull((`x` != {p3:String}), 1)
LIMIT 100
-- parameters
{"team_id": 7, "p0": ",", "p1": 1, "p2": 2, "p3": ""}

-- rows of both, rows of the first alone
(SELECT event FROM events EXCEPT SELECT 'a') INTERSECT DISTINCT SELECT event FROM events
-- sql
SELECT *
FROM (((SELECT `events`.`event` AS `event`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events`) EXCEPT ALL (SELECT {p0:String} AS `'a'`)) INTERSECT DISTINCT (SELECT `events`.`event` AS `event`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events`)) AS `_union`
LIMIT 100
-- parameters
{"team_id": 7, "p0": "a"}

-- ties, under the highest limit
SELECT event FROM events ORDER BY event LIMIT 3 WITH TIES
-- sql
SELECT `_query_1`.`event` AS `event`
FROM (SELECT `events`.`event` AS `event`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events`
ORDER BY `events`.`event` ASC
LIMIT 3 WITH TIES) AS `_query_1`
LIMIT 50000
-- parameters
{"team_id": 7}

-- what is read first is a condition like others
SELECT event FROM events PREWHERE event = 'a' WHERE uuid IS NOT NULL
-- sql
SELECT `events`.`event` AS `event`
FROM (SELECT uuid, event FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE ((`events`.`event` = {p0:String}) AND isNotNull(`events`.`uuid`))
LIMIT 100
-- parameters
{"team_id": 7, "p0": "a"}

-- numbers
SELECT toDate('2024-01-01') + number AS day FROM numbers(7) AS n
-- sql
SELECT plus(toDate(parseDateTime64BestEffort({p0:String}, 6, {tz:String})), `n`.`number`) AS `day`
FROM (SELECT arrayJoin(range({p1:UInt8})) AS `number`) AS `n`
LIMIT 100
-- parameters
{"team_id": 7, "p0": "2024-01-01", "tz": "America/Sao_Paulo", "p1": 7}

-- functions of our own
SELECT sortableSemver(properties.v), dateAdd('week', 2, timestamp), dateDiff('day', '2024-01-01', timestamp) FROM events
-- sql
SELECT arrayMap((`part`) -> toInt64OrZero(`part`), splitByChar({p0:String}, extract(ifNull(JSONExtract(`events`.`properties`, {p1:String}, {json_value:String}), {p2:String}), {p3:String}))) AS `sortableSemver(properties.v)`, addWeeks(toTimeZone(`events`.`timestamp`, {tz:String}), {p4:UInt8}) AS `dateAdd('week', 2, timestamp)`, dateDiff({p6:String}, parseDateTime64BestEffort({p5:String}, 6, {tz:String}), toTimeZone(`events`.`timestamp`, {tz:String})) AS `dateDiff('day', '2024-01-01', timestamp)`
FROM (SELECT properties, timestamp FROM events WHERE team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "p0": ".", "p1": "v", "json_value": "Nullable(String)", "p2": "", "p3": "\\d+(?:\\.\\d+)*", "tz": "America/Sao_Paulo", "p4": 2, "p5": "2024-01-01", "p6": "day"}

-- filters, without any
SELECT count() FROM events WHERE {filters} AND timestamp >= {filters.dateRange.from}
-- sql
SELECT count() AS `count()`
FROM (SELECT 1 FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE ({p0:Bool} AND {p0:Bool})
LIMIT 100
-- parameters
{"team_id": 7, "p0": true}
