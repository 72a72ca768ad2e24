-- each kind of value
SELECT 1, -1, 300, 1.5, 'it''s', true, NULL, 18446744073709551616
-- sql
SELECT {p0:UInt8} AS `1`, {p1:Int8} AS `-1`, {p2:UInt16} AS `300`, {p3:Float64} AS `1.5`, {p4:String} AS `'it''s'`, {p5:Bool} AS `TRUE`, NULL AS `NULL`, {p6:UInt128} AS `18446744073709551616`
LIMIT 100
-- parameters
{"team_id": 7, "p0": 1, "p1": -1, "p2": 300, "p3": 1.5, "p4": "it's", "p5": true, "p6": 18446744073709551616}

-- equal values share a parameter
SELECT 'a', 'a', 1, 1
-- sql
SELECT {p0:String} AS `'a'`, {p0:String}, {p1:UInt8} AS `1`, {p1:UInt8}
LIMIT 100
-- parameters
{"team_id": 7, "p0": "a", "p1": 1}

-- a value that looks like SQL stays a value
SELECT count() FROM events WHERE event = '\'; DROP TABLE events -- {x:Identifier}'
-- sql
SELECT count() AS `count()`
FROM (SELECT event FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE (`events`.`event` = {p0:String})
LIMIT 100
-- parameters
{"team_id": 7, "p0": "'; DROP TABLE events -- {x:Identifier}"}

-- lists
SELECT event IN ('a', 'b'), event NOT IN (lower('A'), distinct_id), 1 IN [1, 2], event IN (NULL) FROM events
-- sql
SELECT (`events`.`event` IN ({p0:String}, {p1:String})) AS `event IN ('a', 'b')`, (has(array(lower({p2:String}), `events`.`distinct_id`), `events`.`event`) = {p3:Bool}) AS `NOT (event IN (lower('A'), distinct_id))`, ({p4:UInt8} IN ({p4:UInt8}, {p5:UInt8})) AS `1 IN (1, 2)`, {p3:Bool} AS `event IN (NULL)`
FROM (SELECT event, distinct_id FROM events WHERE team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "p0": "a", "p1": "b", "p2": "A", "p3": false, "p4": 1, "p5": 2}

-- conditions
SELECT event = 'a' ? 1 : 2, properties.x ?? 'none', CASE event WHEN 'a' THEN 1 ELSE 2 END FROM events
-- sql
SELECT if((`events`.`event` = {p0:String}), {p1:UInt8}, {p2:UInt8}) AS `CASE WHEN event = 'a' THEN 1 ELSE 2 END`, coalesce(JSONExtract(`events`.`properties`, {p3:String}, {json_value:String}), {p4:String}) AS `COALESCE(properties.x, 'none')`, CASE `events`.`event` WHEN {p0:String} THEN {p1:UInt8} ELSE {p2:UInt8} END AS `CASE event WHEN 'a' THEN 1 ELSE 2 END`
FROM (SELECT event, properties FROM events WHERE team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "p0": "a", "p1": 1, "p2": 2, "p3": "x", "json_value": "Nullable(String)", "p4": "none"}

-- parametric aggregates and combinators
SELECT quantile(0.9)(toFloat(properties.n)), topK(3)(event), uniqExactIf(person_id, event = 'a'), windowFunnel(60)(toDateTime(timestamp), event = 'a', event = 'b') FROM events
-- sql
SELECT quantile({p0:Float64})(toFloat64OrNull(JSONExtract(`events`.`properties`, {p1:String}, {json_value:String}))) AS `quantile(0.9)(toFloat(properties.n))`, topK({p2:UInt8})(`events`.`event`) AS `topK(3)(event)`, uniqExactIf(`events`.`person_id`, (`events`.`event` = {p3:String})) AS `uniqExactIf(person_id, event = 'a')`, windowFunnel({p4:UInt8})(toDateTime(toTimeZone(`events`.`timestamp`, {tz:String}), {tz:String}), (`events`.`event` = {p3:String}), (`events`.`event` = {p5:String})) AS `windowFunnel(60)(toDateTime(timestamp), event = 'a', event = 'b')`
FROM (SELECT event, properties, timestamp, ifNull(overrides.current_person_id, events.person_id) AS person_id
FROM events GLOBAL ANY
LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id
FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "p0": 0.9, "p1": "n", "json_value": "Nullable(String)", "p2": 3, "p3": "a", "p4": 60, "tz": "America/Sao_Paulo", "p5": "b"}
