-- An id that only stood in edges with illegal ids is nobody.
DELETE FROM sent_ids AS sent
WHERE NOT sent.is_personful
  AND NOT EXISTS (SELECT FROM distinct_ids AS known WHERE (known.team_id, known.distinct_id) = (sent.team_id, sent.distinct_id))
  AND NOT EXISTS (
      SELECT FROM merge_log AS edge
      WHERE edge.team_id = sent.team_id AND edge.target = sent.distinct_id AND NOT edge.is_illegal
  )
  AND NOT EXISTS (
      SELECT FROM merge_log AS edge
      WHERE edge.team_id = sent.team_id AND edge.other = sent.distinct_id AND NOT edge.is_illegal
  )
