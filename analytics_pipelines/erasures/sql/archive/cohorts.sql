SELECT cohort_id, person_id
FROM cohort_people
WHERE team_id = {{team:Int64}} AND person_id IN (
    SELECT person_id FROM person_distinct_ids FINAL
    WHERE team_id = {{team:Int64}} AND is_deleted = 0 AND distinct_id IN {{ids:Array(String)}}
)
ORDER BY cohort_id
