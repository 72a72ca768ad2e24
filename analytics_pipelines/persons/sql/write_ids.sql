UPDATE distinct_ids AS known
SET version = %(version)s,
    is_personful = known.is_personful OR sent.is_personful,
    created_at = least(known.created_at, sent.created_at),
    first_with_person = least(known.first_with_person, sent.first_with_person),
    first_without_person = least(known.first_without_person, sent.first_without_person)
FROM sent_ids AS sent
WHERE (known.team_id, known.distinct_id) = (sent.team_id, sent.distinct_id)
  AND (
      sent.is_personful AND NOT known.is_personful
      OR least(known.created_at, sent.created_at) IS DISTINCT FROM known.created_at
      OR least(known.first_with_person, sent.first_with_person) IS DISTINCT FROM known.first_with_person
      OR least(known.first_without_person, sent.first_without_person) IS DISTINCT FROM known.first_without_person
  )
