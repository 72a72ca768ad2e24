-- Who leaves a person that was published, or whose events carry another.
INSERT INTO person_moves (team_id, distinct_id, from_person_id, version)
SELECT known.team_id, known.distinct_id, known.person_id, %(version)s
FROM unnest(%(ids)s::text[], %(persons)s::uuid[]) AS found (distinct_id, person_id)
JOIN distinct_ids AS known ON known.team_id = %(team)s AND known.distinct_id = found.distinct_id
WHERE known.person_id <> found.person_id
ON CONFLICT DO NOTHING
