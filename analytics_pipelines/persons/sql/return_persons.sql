-- A deleted person whose id was sent with a person again is back, with all ids that merges gave it.
UPDATE distinct_ids AS known
SET version = %(version)s
FROM (
    SELECT DISTINCT team_id, person_id
    FROM distinct_ids
    WHERE version = %(version)s AND deleted_at IS NOT NULL AND is_personful
) AS back
WHERE (known.team_id, known.person_id) = (back.team_id, back.person_id) AND known.version <> %(version)s
