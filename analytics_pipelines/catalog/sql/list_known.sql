INSERT INTO {listed}
SELECT DISTINCT team_id, kind, group_type_index, name
FROM {known}
WHERE NOT is_other AND team_id GLOBAL IN (SELECT team_id FROM {seen})
