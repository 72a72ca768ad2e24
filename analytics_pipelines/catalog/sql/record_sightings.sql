INSERT INTO sightings (team_id, kind, group_type_index, is_other, name, type, first_seen, last_seen, events)
SELECT
    team_id, kind, group_type_index,
    (team_id, kind, group_type_index, name) NOT IN (SELECT * FROM {listed}) AS is_other,
    if(is_other, '', name) AS listed_name,
    if(is_other, '', type) AS listed_type,
    min(first_seen), max(last_seen), uniqCombined64MergeState(13)(events)
FROM
(
{seen}
)
GROUP BY team_id, kind, group_type_index, is_other, listed_name, listed_type
