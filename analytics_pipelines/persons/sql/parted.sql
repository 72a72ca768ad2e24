-- Ids whose events carry the person of another id (the one that the person was named after), and that are of another
-- person than it by now. No override can tell them apart.
CREATE TABLE {parted} ENGINE = Memory AS
WITH
    suspects AS (
        SELECT team_id, distinct_id, named_after
        FROM squashed_ids FINAL
        WHERE distinct_id != named_after
          AND ((team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM {moved})
              OR (team_id, named_after) GLOBAL IN (SELECT team_id, distinct_id FROM {moved}))
    ),
    ids AS (
        SELECT team_id, distinct_id, person_id
        FROM person_distinct_ids FINAL
        WHERE (team_id, distinct_id) GLOBAL IN (
            SELECT team_id, arrayJoin([distinct_id, named_after]) FROM suspects
        )
    )
SELECT suspects.team_id AS team_id, suspects.distinct_id AS distinct_id
FROM suspects
INNER JOIN ids AS one ON one.team_id = suspects.team_id AND one.distinct_id = suspects.distinct_id
INNER JOIN ids AS name ON name.team_id = suspects.team_id AND name.distinct_id = suspects.named_after
WHERE one.person_id != name.person_id
