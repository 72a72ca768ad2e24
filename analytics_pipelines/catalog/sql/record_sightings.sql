INSERT INTO {sightings} (team_id, kind, group_type_index, is_other, name, first_seen, last_seen, events, evidence)
SELECT
    team_id, kind, group_type_index,
    (team_id, kind, group_type_index, name) NOT IN (SELECT * FROM {listed}) AS is_among_others,
    if(is_among_others, '', name) AS listed_name,
    min(first_seen), max(last_seen), uniqCombined64MergeState(13)(events),
    minMap(if(is_among_others, map(), evidence))
FROM {seen}
GROUP BY team_id, kind, group_type_index, is_among_others, listed_name
