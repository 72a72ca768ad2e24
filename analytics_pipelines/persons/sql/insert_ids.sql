INSERT INTO distinct_ids (
    team_id, distinct_id, person_id, own_person_id, version, is_personful,
    created_at, first_with_person, first_without_person
)
SELECT
    team_id, distinct_id, own_person_id, own_person_id, %(version)s, is_personful,
    created_at, first_with_person, first_without_person
FROM sent_ids AS sent
WHERE NOT EXISTS (
    SELECT FROM distinct_ids AS known WHERE (known.team_id, known.distinct_id) = (sent.team_id, sent.distinct_id)
)
