COPY (
    SELECT
        team_id,
        person_id,
        distinct_id,
        to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
        is_identified::int,
        (is_personful OR (is_merged AND deleted_at IS NULL))::int,
        version,
        0
    FROM distinct_ids
    WHERE version > {after} AND version <= {until}
    UNION ALL
    SELECT moved.team_id, moved.from_person_id, moved.distinct_id, NULL, 0, 0, moved.version, 1
    FROM person_moves AS moved
    JOIN distinct_ids AS ids USING (team_id, distinct_id)
    WHERE moved.version > {after} AND moved.version <= {until} AND ids.person_id <> moved.from_person_id
) TO STDOUT
