COPY (
    SELECT
        team_id,
        to_char(received_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS'),
        refused,
        target,
        uuid,
        event,
        jsonb_build_object('target', target, 'other', other),
        coalesce(batch_id, '00000000-0000-0000-0000-000000000000')
    FROM merge_log
    WHERE version > {after} AND version <= {until} AND refused IS NOT NULL
) TO STDOUT
