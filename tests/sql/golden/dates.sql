-- literals are read in the project's zone, and the bare column compared
SELECT count() FROM events WHERE timestamp >= '2024-05-05' AND timestamp < toDateTime('2024-05-06T00:00:00Z') AND received_at BETWEEN '2024-05-05' AND now()
-- sql
SELECT count() AS `count()`
FROM (SELECT timestamp, received_at FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE ((`events`.`timestamp` >= parseDateTime64BestEffort({p0:String}, 6, {tz:String})) AND (`events`.`timestamp` < parseDateTime64BestEffort({p1:String}, 6, {tz:String})) AND (`events`.`received_at` BETWEEN parseDateTime64BestEffort({p0:String}, 6, {tz:String}) AND now({tz:String})))
LIMIT 100
-- parameters
{"team_id": 7, "p0": "2024-05-05", "tz": "America/Sao_Paulo", "p1": "2024-05-06T00:00:00Z"}

-- dates become midnights of the project
SELECT count() FROM events WHERE timestamp >= toDate('2024-05-05') AND timestamp >= today() - 7
-- sql
SELECT count() AS `count()`
FROM (SELECT timestamp FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE ((`events`.`timestamp` >= toDateTime64(toDate(parseDateTime64BestEffort({p0:String}, 6, {tz:String})), 6, {tz:String})) AND (`events`.`timestamp` >= toDateTime64(minus(toDate(now({tz:String})), {p1:UInt8}), 6, {tz:String})))
LIMIT 100
-- parameters
{"team_id": 7, "p0": "2024-05-05", "tz": "America/Sao_Paulo", "p1": 7}

-- truncation happens in the project's zone
SELECT toStartOfHour(timestamp), toStartOfWeek(timestamp), toStartOfWeek(timestamp, 1), toDate(timestamp) FROM events
-- sql
SELECT toStartOfHour(toTimeZone(`events`.`timestamp`, {tz:String})) AS `toStartOfHour(timestamp)`, toStartOfWeek(toTimeZone(`events`.`timestamp`, {tz:String}), 0) AS `toStartOfWeek(timestamp)`, toStartOfWeek(toTimeZone(`events`.`timestamp`, {tz:String}), 1) AS `toStartOfWeek(timestamp, 1)`, toDate(toTimeZone(`events`.`timestamp`, {tz:String})) AS `toDate(timestamp)`
FROM (SELECT timestamp FROM events WHERE team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "tz": "America/Sao_Paulo"}

-- intervals
SELECT timestamp + INTERVAL 1 DAY, timestamp - toIntervalWeek(2) FROM events WHERE timestamp > now() - INTERVAL 90 MINUTE
-- sql
SELECT plus(toTimeZone(`events`.`timestamp`, {tz:String}), toIntervalDay({p0:UInt8})) AS `timestamp + INTERVAL '1' DAY`, minus(toTimeZone(`events`.`timestamp`, {tz:String}), toIntervalWeek({p1:UInt8})) AS `timestamp - toIntervalWeek(2)`
FROM (SELECT timestamp FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE (`events`.`timestamp` > minus(now({tz:String}), toIntervalMinute({p2:UInt8})))
LIMIT 100
-- parameters
{"team_id": 7, "tz": "America/Sao_Paulo", "p0": 1, "p1": 2, "p2": 90}

-- casts to moments
SELECT properties.at::DateTime, CAST('2024-01-01' AS Date), toInt(properties.n), toFloat('1.5') FROM events
-- sql
SELECT toDateTime(parseDateTime64BestEffortOrNull(JSONExtract(`events`.`properties`, {p0:String}, {json_value:String}), 6, {tz:String}), {tz:String}) AS `CAST(properties.at AS DateTime)`, toDate(parseDateTime64BestEffort({p1:String}, 6, {tz:String})) AS `CAST('2024-01-01' AS DATE)`, toInt64OrNull(JSONExtract(`events`.`properties`, {p2:String}, {json_value:String})) AS `toInt(properties.n)`, toFloat64OrNull({p3:String}) AS `toFloat('1.5')`
FROM (SELECT properties FROM events WHERE team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "p0": "at", "json_value": "Nullable(String)", "tz": "America/Sao_Paulo", "p1": "2024-01-01", "p2": "n", "p3": "1.5"}
