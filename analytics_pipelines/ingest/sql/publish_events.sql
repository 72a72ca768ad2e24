-- A uuid that is stored already, or comes twice in this batch, is the same event sent again.
INSERT INTO events (team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, received_at, batch_id)
SELECT team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, received_at, {{batch_id:UUID}}
FROM {staging}
WHERE reason = '' AND dropped_by = ''
  AND (team_id, uuid) GLOBAL NOT IN (
      SELECT team_id, uuid
      FROM events
      WHERE team_id GLOBAL IN (SELECT team_id FROM {staging}) AND uuid GLOBAL IN (SELECT uuid FROM {staging})
  )
ORDER BY team_id, uuid, received_at, timestamp
LIMIT 1 BY team_id, uuid
