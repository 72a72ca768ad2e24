-- Ids of the events that go of which no event stays.
SELECT DISTINCT distinct_id
FROM {events}
WHERE (team_id, distinct_id) NOT IN (
    SELECT team_id, distinct_id
    FROM events
    WHERE team_id = {{team:Int64}}
      AND (team_id, distinct_id) IN (SELECT team_id, distinct_id FROM {events})
      AND (team_id, uuid) NOT IN (SELECT team_id, uuid FROM {events})
)
