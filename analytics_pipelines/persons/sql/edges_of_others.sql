-- Of two events with one uuid the one counts that was received first: an edge that the other said was never said.
DELETE FROM merge_log AS edge
USING sent_edges AS sent
WHERE (edge.team_id, edge.uuid) = (sent.team_id, sent.uuid)
  AND (edge.timestamp, edge.event, edge.target, edge.other) <> (sent.timestamp, sent.event, sent.target, sent.other)
RETURNING edge.team_id, ARRAY[edge.target, edge.other] AS ids
