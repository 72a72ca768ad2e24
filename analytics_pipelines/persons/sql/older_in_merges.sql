-- Ids in merges that turn out to have been used earlier than was known: an edge between may now mean something else.
SELECT known.team_id, known.distinct_id
FROM sent_ids AS sent JOIN distinct_ids AS known USING (team_id, distinct_id)
WHERE known.component IS NOT NULL
  AND (
      least(known.first_with_person, sent.first_with_person) IS DISTINCT FROM known.first_with_person
      OR least(known.first_without_person, sent.first_without_person) IS DISTINCT FROM known.first_without_person
  )
