SELECT count()
FROM sessions
WHERE team_id = {{team:Int64}} AND (
    (team_id, distinct_id) IN (SELECT team_id, distinct_id FROM {ids})
    OR (team_id, person_id) IN (SELECT team_id, person_id FROM {persons})
)
