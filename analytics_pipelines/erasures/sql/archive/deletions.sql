SELECT distinct_id, max(person_deletions.deleted_at) AS deleted_at
FROM person_deletions
WHERE team_id = {{team:Int64}} AND distinct_id IN {{ids:Array(String)}}
GROUP BY distinct_id
