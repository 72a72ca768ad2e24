-- Kinds that have no number get the lowest free ones, in the order in which they are given; the others get none.
WITH
    given AS (
        SELECT team_id, name, position
        FROM unnest(%(teams)s::bigint[], %(names)s::text[]) WITH ORDINALITY AS given (team_id, name, position)
    ),
    unknown AS (
        SELECT team_id, name, row_number() OVER (PARTITION BY team_id ORDER BY position) AS nth
        FROM given
        WHERE NOT EXISTS (
            SELECT FROM group_types WHERE group_types.team_id = given.team_id AND group_types.name = given.name
        )
    ),
    free AS (
        SELECT team_id, index, row_number() OVER (PARTITION BY team_id ORDER BY index) AS nth
        FROM (SELECT DISTINCT team_id FROM unknown) AS teams
        CROSS JOIN generate_series(0, 4) AS possible (index)
        WHERE NOT EXISTS (
            SELECT FROM group_types WHERE group_types.team_id = teams.team_id AND group_types.index = possible.index
        )
    )
INSERT INTO group_types (team_id, index, name)
SELECT team_id, index, name
FROM unknown
JOIN free USING (team_id, nth)
