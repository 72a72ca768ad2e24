-- with dots, brackets and odd names
SELECT properties.$browser, properties['x y'].a[1], events.properties.`a b` FROM events
-- sql
SELECT `events`.`$browser` AS `$browser`, JSONExtract(`events`.`properties`, {p0:String}, {p1:String}, {p2:UInt8}, {json_value:String}) AS `properties['x y'].a[1]`, JSONExtract(`events`.`properties`, {p3:String}, {json_value:String}) AS `a b`
FROM (SELECT properties, `$browser` FROM events WHERE team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "p0": "x y", "p1": "a", "p2": 1, "json_value": "Nullable(String)", "p3": "a b"}

-- compared with numbers and booleans
SELECT count() FROM events WHERE properties.price > 9.5 AND properties.paid = true AND sum(properties.price) OVER () > 1
-- sql
SELECT count() AS `count()`
FROM (SELECT properties FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE (ifNull((toFloat64OrNull(JSONExtract(`events`.`properties`, {p0:String}, {json_value:String})) > {p1:Float64}), 0) AND ifNull((multiIf((JSONExtract(`events`.`properties`, {p2:String}, {json_value:String}) = {p3:String}), {p5:Bool}, (JSONExtract(`events`.`properties`, {p2:String}, {json_value:String}) = {p4:String}), {p6:Bool}, NULL) = {p5:Bool}), 0) AND ifNull((sum(toFloat64OrNull(JSONExtract(`events`.`properties`, {p0:String}, {json_value:String}))) OVER () > {p7:UInt8}), 0))
LIMIT 100
-- parameters
{"team_id": 7, "p0": "price", "json_value": "Nullable(String)", "p1": 9.5, "p2": "paid", "p3": "true", "p4": "false", "p5": true, "p6": false, "p7": 1}

-- missing values in comparisons
SELECT count() FROM events WHERE properties.a != 'x' AND properties.a NOT LIKE 'y%' AND properties.a NOT IN ('z') AND properties.a = properties.b AND properties.c = NULL AND properties.d IS NOT NULL
-- sql
SELECT count() AS `count()`
FROM (SELECT properties FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE (ifNull((JSONExtract(`events`.`properties`, {p0:String}, {json_value:String}) != {p1:String}), 1) AND ifNull(notLike(JSONExtract(`events`.`properties`, {p0:String}, {json_value:String}), {p2:String}), 1) AND ifNull((JSONExtract(`events`.`properties`, {p0:String}, {json_value:String}) NOT IN ({p3:String})), 1) AND isNotDistinctFrom(JSONExtract(`events`.`properties`, {p0:String}, {json_value:String}), JSONExtract(`events`.`properties`, {p4:String}, {json_value:String})) AND isNull(JSONExtract(`events`.`properties`, {p5:String}, {json_value:String})) AND isNotNull(JSONExtract(`events`.`properties`, {p6:String}, {json_value:String})))
LIMIT 100
-- parameters
{"team_id": 7, "p0": "a", "json_value": "Nullable(String)", "p1": "x", "p2": "y%", "p3": "z", "p4": "b", "p5": "c", "p6": "d"}

-- through a subquery
SELECT p.a FROM (SELECT properties AS p FROM events) WHERE p.b = 'x'
-- sql
SELECT JSONExtract(`_query_1`.`p`, {p0:String}, {json_value:String}) AS `a`
FROM (SELECT `events`.`properties` AS `p`
FROM (SELECT properties FROM events WHERE team_id = {team_id:Int64}) AS `events`) AS `_query_1`
WHERE ifNull((JSONExtract(`_query_1`.`p`, {p1:String}, {json_value:String}) = {p2:String}), 0)
LIMIT 100
-- parameters
{"team_id": 7, "p0": "a", "json_value": "Nullable(String)", "p1": "b", "p2": "x"}
