INSERT INTO {events}
SELECT event.* REPLACE (moved.person_id AS person_id)
FROM {events} AS event
INNER JOIN {moved} AS moved
    ON moved.team_id = event.team_id AND moved.uuid = event.uuid AND moved.person_before = event.person_id
