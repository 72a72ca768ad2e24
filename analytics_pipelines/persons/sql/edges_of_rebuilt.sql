-- What none of these ids' events says any more; the edges that they say are in `sent_edges`, all of them.
DELETE FROM merge_log AS edge
USING rebuilt
WHERE (edge.team_id, edge.target) = (rebuilt.team_id, rebuilt.distinct_id)
  AND NOT EXISTS (
      SELECT FROM sent_edges AS sent
      WHERE (sent.team_id, sent.uuid, sent.timestamp, sent.event, sent.target, sent.other)
          = (edge.team_id, edge.uuid, edge.timestamp, edge.event, edge.target, edge.other)
  )
RETURNING edge.team_id, ARRAY[edge.target, edge.other] AS ids
