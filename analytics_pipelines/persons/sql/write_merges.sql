UPDATE distinct_ids AS known
SET version = %(version)s,
    component = found.component,
    person_id = found.person_id,
    is_merged = found.is_merged,
    is_identified = found.is_identified,
    is_moved = known.is_moved OR found.person_id <> known.own_person_id
FROM unnest(
    %(ids)s::text[], %(names)s::text[], %(persons)s::uuid[], %(merged)s::boolean[], %(identified)s::boolean[]
) AS found (distinct_id, component, person_id, is_merged, is_identified)
WHERE known.team_id = %(team)s AND known.distinct_id = found.distinct_id
