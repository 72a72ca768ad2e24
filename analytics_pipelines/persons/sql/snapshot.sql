INSERT INTO squash_snapshot (team_id, distinct_id, stored_person_id, person_id, named_after)
SELECT overrides.team_id, overrides.distinct_id, overrides.stored_person_id, overrides.person_id, names.distinct_id
FROM (SELECT * FROM person_overrides FINAL WHERE is_deleted = 0) AS overrides
GLOBAL INNER JOIN (
    SELECT team_id, person_id, distinct_id
    FROM (
        SELECT team_id, person_id, distinct_id
        FROM person_members FINAL
        WHERE (team_id, person_id) GLOBAL IN (
            SELECT team_id, person_id FROM person_overrides FINAL WHERE is_deleted = 0
        )
    )
    WHERE {own_person} = person_id
) AS names ON names.team_id = overrides.team_id AND names.person_id = overrides.person_id
WHERE (overrides.team_id, overrides.distinct_id) GLOBAL NOT IN (SELECT team_id, distinct_id FROM squash_snapshot)
