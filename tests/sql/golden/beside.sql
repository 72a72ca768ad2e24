-- the person of an event, as it is now
SELECT person.properties.email, person.created_at FROM events WHERE person.properties.age >= 18
-- sql
SELECT `events`.`_person_0` AS `email`, `events`.`_person_1` AS `created_at`
FROM (SELECT `_row`.`person_id` AS `person_id`, `_person`.`_person_0` AS `_person_0`, `_person`.`_person_1` AS `_person_1`, `_person`.`_person_2` AS `_person_2`
FROM (SELECT ifNull(overrides.current_person_id, events.person_id) AS person_id
FROM events GLOBAL ANY
LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id
FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `_row` LEFT ANY JOIN (SELECT `_beside_1`.`id` AS `_to`, JSONExtract(`_beside_1`.`properties`, {p0:String}, {json_value:String}) AS `_person_0`, toTimeZone(`_beside_1`.`created_at`, {tz:String}) AS `_person_1`, toFloat64OrNull(JSONExtract(`_beside_1`.`properties`, {p1:String}, {json_value:String})) AS `_person_2`
FROM (SELECT id, created_at, properties
FROM persons FINAL
WHERE team_id = {team_id:Int64}) AS `_beside_1`) AS `_person` ON (`_row`.`person_id` = `_person`.`_to`)) AS `events`
WHERE ifNull((`events`.`_person_2` >= {p2:UInt8}), 0)
LIMIT 100
-- parameters
{"team_id": 7, "p0": "email", "json_value": "Nullable(String)", "tz": "America/Sao_Paulo", "p1": "age", "p2": 18}

-- what stands beside what stands beside
SELECT count() FROM events e WHERE e.session.person.properties.email = 'a' AND e.session.$entry_pathname = '/'
-- sql
SELECT count() AS `count()`
FROM (SELECT `_row`.`$session_id` AS `$session_id`, `_session`.`_session_0` AS `_session_0`, `_session`.`_session_1` AS `_session_1`
FROM (SELECT `$session_id` FROM events WHERE team_id = {team_id:Int64}) AS `_row` LEFT ANY JOIN (SELECT `_beside_1`.`session_id` AS `_to`, `_beside_1`.`_person_0` AS `_session_0`, `_beside_1`.`$entry_pathname` AS `_session_1`
FROM (SELECT `_row`.`session_id` AS `session_id`, `_row`.`person_id` AS `person_id`, `_row`.`$entry_pathname` AS `$entry_pathname`, `_person`.`_person_0` AS `_person_0`
FROM (SELECT session_id, ifNull(overrides.current_person_id, sessions.person_id) AS person_id, entry_pathname AS `$entry_pathname`
FROM sessions GLOBAL ANY
LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id
FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON sessions.person_id = overrides.stored_person_id
WHERE sessions.team_id = {team_id:Int64}) AS `_row` LEFT ANY JOIN (SELECT `_beside_2`.`id` AS `_to`, JSONExtract(`_beside_2`.`properties`, {p0:String}, {json_value:String}) AS `_person_0`
FROM (SELECT id, properties
FROM persons FINAL
WHERE team_id = {team_id:Int64}) AS `_beside_2`) AS `_person` ON (`_row`.`person_id` = `_person`.`_to`)) AS `_beside_1`) AS `_session` ON (`_row`.`$session_id` = `_session`.`_to`)) AS `e`
WHERE (ifNull((`e`.`_session_0` = {p1:String}), 0) AND ifNull((`e`.`_session_1` = {p2:String}), 0))
LIMIT 100
-- parameters
{"team_id": 7, "p0": "email", "json_value": "Nullable(String)", "p1": "a", "p2": "/"}

-- groups of two kinds
SELECT $group_0, properties.$group_1, group_0.properties.seats, group_1.key FROM events
-- sql
SELECT `events`.`$group_0` AS `$group_0`, nullIf(`events`.`$group_1`, {p0:String}) AS `$group_1`, `events`.`_group_0_0` AS `seats`, `events`.`_group_1_0` AS `key`
FROM (SELECT `_row`.`$group_0` AS `$group_0`, `_row`.`$group_1` AS `$group_1`, `_group_0`.`_group_0_0` AS `_group_0_0`, `_group_1`.`_group_1_0` AS `_group_1_0`
FROM (SELECT arrayElement(groups, {group_0:String}) AS `$group_0`, arrayElement(groups, {group_1:String}) AS `$group_1` FROM events WHERE team_id = {team_id:Int64}) AS `_row` LEFT ANY JOIN (SELECT `_beside_1`.`key` AS `_to`, toFloat64OrNull(JSONExtract(`_beside_1`.`properties`, {p1:String}, {json_value:String})) AS `_group_0_0`
FROM (SELECT index, key, properties
FROM groups
WHERE team_id = {team_id:Int64}) AS `_beside_1`
WHERE (`_beside_1`.`index` = {p2:UInt8})) AS `_group_0` ON (`_row`.`$group_0` = `_group_0`.`_to`) LEFT ANY JOIN (SELECT `_beside_2`.`key` AS `_to`, `_beside_2`.`key` AS `_group_1_0`
FROM (SELECT index, key
FROM groups
WHERE team_id = {team_id:Int64}) AS `_beside_2`
WHERE (`_beside_2`.`index` = {p3:UInt8})) AS `_group_1` ON (`_row`.`$group_1` = `_group_1`.`_to`)) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "p0": "", "group_0": "company", "group_1": "project", "p1": "seats", "json_value": "Nullable(String)", "p2": 0, "p3": 1}

-- what the event itself said
SELECT poe.properties.plan FROM events
-- sql
SELECT coalesce(JSONExtract(`events`.`properties`, {p0:String}, {p1:String}, {json_value:String}), JSONExtract(`events`.`properties`, {p2:String}, {p1:String}, {json_value:String})) AS `plan`
FROM (SELECT properties FROM events WHERE team_id = {team_id:Int64}) AS `events`
LIMIT 100
-- parameters
{"team_id": 7, "p0": "$set", "p1": "plan", "json_value": "Nullable(String)", "p2": "$set_once"}

-- every distinct id of a person
SELECT id, pdi.distinct_id FROM persons
-- sql
SELECT `persons`.`id` AS `id`, `persons`.`_pdi_0` AS `distinct_id`
FROM (SELECT `_row`.`id` AS `id`, `_pdi`.`_pdi_0` AS `_pdi_0`
FROM (SELECT id
FROM persons FINAL
WHERE team_id = {team_id:Int64}) AS `_row`
LEFT JOIN (SELECT `_beside_1`.`person_id` AS `_to`, `_beside_1`.`distinct_id` AS `_pdi_0`
FROM (SELECT distinct_id, person_id
FROM person_distinct_ids FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS `_beside_1`) AS `_pdi` ON (`_row`.`id` = `_pdi`.`_to`)) AS `persons`
LIMIT 100
-- parameters
{"team_id": 7}

-- a join whose condition asks for what stands beside
SELECT count() FROM events e RIGHT JOIN persons p ON e.person.id = p.id AND e.pdi.person_id = p.id
-- sql
SELECT count() AS `count()`
FROM (SELECT `_row`.`distinct_id` AS `distinct_id`, `_row`.`person_id` AS `person_id`, `_person`.`_person_0` AS `_person_0`, `_pdi`.`_pdi_0` AS `_pdi_0`
FROM (SELECT distinct_id, ifNull(overrides.current_person_id, events.person_id) AS person_id
FROM events GLOBAL ANY
LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id
FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `_row` LEFT ANY JOIN (SELECT `_beside_1`.`id` AS `_to`, `_beside_1`.`id` AS `_person_0`
FROM (SELECT id
FROM persons FINAL
WHERE team_id = {team_id:Int64}) AS `_beside_1`) AS `_person` ON (`_row`.`person_id` = `_person`.`_to`) LEFT ANY JOIN (SELECT `_beside_2`.`distinct_id` AS `_to`, `_beside_2`.`person_id` AS `_pdi_0`
FROM (SELECT distinct_id, person_id
FROM person_distinct_ids FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS `_beside_2`) AS `_pdi` ON (`_row`.`distinct_id` = `_pdi`.`_to`)) AS `e` RIGHT JOIN (SELECT id
FROM persons FINAL
WHERE team_id = {team_id:Int64}) AS `p` ON ((`e`.`_person_0` = `p`.`id`) AND (`e`.`_pdi_0` = `p`.`id`))
LIMIT 100
-- parameters
{"team_id": 7}

-- members of a cohort
SELECT count() FROM events WHERE person_id IN COHORT 'Grown-ups' AND person_id NOT IN COHORT 6
-- sql
SELECT count() AS `count()`
FROM (SELECT ifNull(overrides.current_person_id, events.person_id) AS person_id
FROM events GLOBAL ANY
LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id
FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON events.person_id = overrides.stored_person_id
WHERE events.team_id = {team_id:Int64}) AS `events`
WHERE ((`events`.`person_id` IN (SELECT `cohort_people`.`person_id` AS `person_id`
FROM (SELECT cohort_id, ifNull(overrides.current_person_id, cohort_people.person_id) AS person_id
FROM cohort_people GLOBAL ANY
LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id
FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON cohort_people.person_id = overrides.stored_person_id
WHERE cohort_people.team_id = {team_id:Int64}) AS `cohort_people`
WHERE (`cohort_people`.`cohort_id` = {p0:UInt8}))) AND (`events`.`person_id` NOT IN (SELECT `cohort_people`.`person_id` AS `person_id`
FROM (SELECT cohort_id, ifNull(overrides.current_person_id, cohort_people.person_id) AS person_id
FROM cohort_people GLOBAL ANY
LEFT JOIN (SELECT stored_person_id, toNullable(person_id) AS current_person_id
FROM person_overrides FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS overrides ON cohort_people.person_id = overrides.stored_person_id
WHERE cohort_people.team_id = {team_id:Int64}) AS `cohort_people`
WHERE (`cohort_people`.`cohort_id` = {p1:UInt8}))))
LIMIT 100
-- parameters
{"team_id": 7, "p0": 5, "p1": 6}

-- types of the catalog
SELECT properties.price * 2, properties.at FROM events WHERE properties.paid = true AND properties.price > '9' AND properties.at < '2024-05-01'
-- sql
SELECT multiply(toFloat64OrNull(JSONExtract(`events`.`properties`, {p0:String}, {json_value:String})), {p1:UInt8}) AS `properties.price * 2`, parseDateTime64BestEffortOrNull(JSONExtract(`events`.`properties`, {p2:String}, {json_value:String}), 6, {tz:String}) AS `at`
FROM (SELECT properties FROM events WHERE team_id = {team_id:Int64}) AS `events`
WHERE (ifNull((multiIf((JSONExtract(`events`.`properties`, {p3:String}, {json_value:String}) = {p4:String}), {p6:Bool}, (JSONExtract(`events`.`properties`, {p3:String}, {json_value:String}) = {p5:String}), {p7:Bool}, NULL) = {p6:Bool}), 0) AND ifNull((toFloat64OrNull(JSONExtract(`events`.`properties`, {p0:String}, {json_value:String})) > {p8:UInt8}), 0) AND ifNull((parseDateTime64BestEffortOrNull(JSONExtract(`events`.`properties`, {p2:String}, {json_value:String}), 6, {tz:String}) < parseDateTime64BestEffort({p9:String}, 6, {tz:String})), 0))
LIMIT 100
-- parameters
{"team_id": 7, "p0": "price", "json_value": "Nullable(String)", "p1": 2, "p2": "at", "tz": "America/Sao_Paulo", "p3": "paid", "p4": "true", "p5": "false", "p6": true, "p7": false, "p8": 9, "p9": "2024-05-01"}
