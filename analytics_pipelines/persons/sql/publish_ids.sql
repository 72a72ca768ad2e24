COPY (
    SELECT
        team_id,
        distinct_id,
        person_id,
        is_personful::int,
        to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
        to_char(first_with_person AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
        to_char(first_without_person AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
        version,
        (NOT (
            is_personful OR (is_merged AND deleted_at IS NULL)
            -- another id of the person may hold it up
            OR (is_merged AND EXISTS (
                SELECT FROM distinct_ids AS other
                WHERE (other.team_id, other.person_id) = (ids.team_id, ids.person_id)
                  AND (other.is_personful OR (other.is_merged AND other.deleted_at IS NULL))
            ))
        ))::int
    FROM distinct_ids AS ids
    WHERE version > {after} AND version <= {until}
) TO STDOUT
