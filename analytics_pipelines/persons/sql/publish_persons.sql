COPY (
    WITH touched AS (
        SELECT team_id, person_id FROM distinct_ids WHERE version > {after} AND version <= {until}
        UNION
        SELECT team_id, from_person_id FROM person_moves WHERE version > {after} AND version <= {until}
    )
    SELECT
        team_id,
        person_id,
        to_char(coalesce(min(created_at), 'epoch') AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
        CASE
            WHEN NOT coalesce(bool_or(is_personful OR (is_merged AND deleted_at IS NULL)), false) THEN '{{}}'
            WHEN count(*) = 1 AND bool_and(unset_stamps = '{{}}') THEN (array_agg(once_values || set_values))[1]
            ELSE person_properties(team_id, person_id)
        END,
        coalesce(bool_or(is_identified), false)::int,
        {until}::bigint,
        (NOT coalesce(bool_or(is_personful OR (is_merged AND deleted_at IS NULL)), false))::int
    FROM touched LEFT JOIN distinct_ids AS ids USING (team_id, person_id)
    GROUP BY team_id, person_id
) TO STDOUT
