-- Of the chosen events those that were received in time, each once.
INSERT INTO {events} (team_id, uuid, distinct_id, day)
SELECT team_id, uuid, distinct_id, toDate32(timestamp)
FROM events
WHERE team_id = {{team:Int64}} AND received_at <= {{until:DateTime64(3)}}
  AND (team_id, uuid) IN ({chosen})
  AND (team_id, uuid) NOT IN (SELECT team_id, uuid FROM {events})
