-- Two requests may leave the same line, so lines can't be told apart; what is one part is there or it is not.
INSERT INTO dropped_events (team_id, received_at, rule, event, events, batch_id)
SELECT team_id, received_at, dropped_by, event, dropped, toUUID('{batch_id}')
FROM {staging}
WHERE dropped_by != ''
  AND (team_id, toYYYYMM(received_at)) GLOBAL NOT IN (
      SELECT team_id, toYYYYMM(received_at) FROM dropped_events WHERE batch_id = toUUID('{batch_id}')
  )
ORDER BY team_id, received_at, dropped_by, event
