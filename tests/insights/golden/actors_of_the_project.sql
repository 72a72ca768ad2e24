SELECT `profiles`.`id` AS `column_0`, JSONExtract(`profiles`.`properties`, {p0:String}, {json_value:String}) AS `column_1`
FROM (SELECT id, created_at, properties FROM persons FINAL
WHERE team_id = {team_id:Int64}) AS `profiles`
WHERE ((ifNull(ilike(JSONExtract(`profiles`.`properties`, {p0:String}, {json_value:String}), {p1:String}), 0) OR ifNull(ilike(JSONExtract(`profiles`.`properties`, {p2:String}, {json_value:String}), {p1:String}), 0) OR ilike(toString(`profiles`.`id`), {p1:String}) OR (`profiles`.`id` IN (SELECT `person_distinct_ids`.`person_id` AS `person_id`
FROM (SELECT distinct_id, person_id FROM person_distinct_ids FINAL
WHERE team_id = {team_id:Int64} AND is_deleted = 0) AS `person_distinct_ids`
WHERE ilike(`person_distinct_ids`.`distinct_id`, {p1:String})))) AND ifNull((JSONExtract(`profiles`.`properties`, {p3:String}, {json_value:String}) IN ({p4:String})), 0)) ORDER BY toTimeZone(`profiles`.`created_at`, {tz:String}) DESC, `profiles`.`id` ASC LIMIT 101
-- {'team_id': 1, 'p0': 'email', 'json_value': 'Nullable(String)', 'p1': '%50\\%%', 'p2': 'name', 'p3': 'plan', 'p4': 'pro', 'tz': 'America/Sao_Paulo'}
