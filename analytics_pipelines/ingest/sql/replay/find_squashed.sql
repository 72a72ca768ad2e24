CREATE TABLE {moved} ENGINE = Memory AS
SELECT event.team_id AS team_id, event.uuid AS uuid, event.person_id AS person_before, squashed.person_id AS person_id
FROM {events} AS event
INNER JOIN (SELECT team_id, distinct_id, person_id FROM squashed_ids FINAL) AS squashed
    ON squashed.team_id = event.team_id AND squashed.distinct_id = event.distinct_id
WHERE squashed.person_id != event.person_id
