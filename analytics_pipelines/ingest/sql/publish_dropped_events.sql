-- Two requests may leave the same line, so lines can't be told apart; what is one part is there or it is not.
INSERT INTO {dropped_events} (team_id, received_at, rule, event, events, arrival_day, batch_id)
SELECT team_id, received_at, dropped_by, event, dropped, toDate('{arrival_day}'), toUUID('{batch_id}')
FROM {staging}
WHERE dropped_by != ''
  AND team_id GLOBAL NOT IN (
      SELECT team_id FROM {dropped_events}
      WHERE arrival_day = toDate('{arrival_day}') AND batch_id = toUUID('{batch_id}')
  )
ORDER BY team_id, received_at, dropped_by, event
