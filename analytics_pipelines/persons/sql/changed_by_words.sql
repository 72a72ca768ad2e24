INSERT INTO {changed} (team_id, person_id)
SELECT DISTINCT team_id, person_id
FROM person_distinct_ids FINAL
WHERE (team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM {words})
