SELECT count()
FROM active_people_daily
WHERE team_id = {{team:Int64}} AND (team_id, person_id) IN (SELECT team_id, person_id FROM {persons})
