SELECT id, created_at, is_identified, properties
FROM persons FINAL
WHERE team_id = {{team:Int64}} AND is_deleted = 0 AND id IN (
    SELECT person_id FROM person_distinct_ids FINAL
    WHERE team_id = {{team:Int64}} AND is_deleted = 0 AND distinct_id IN {{ids:Array(String)}}
)
