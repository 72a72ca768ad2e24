COPY (
    SELECT DISTINCT team_id, distinct_id FROM person_moves WHERE version > {after} AND version <= {until}
) TO STDOUT
