COPY (
    SELECT team_id, distinct_id, person_id, own_person_id, version
    FROM distinct_ids
    WHERE version > {after} AND version <= {until} AND is_moved
) TO STDOUT
