COPY (
    SELECT team_id, distinct_id, to_char(deleted_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS')
    FROM distinct_ids
    WHERE version > {after} AND version <= {until} AND deleted_at IS NOT NULL
) TO STDOUT
