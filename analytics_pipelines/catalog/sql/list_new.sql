-- Names that the project has room for: so many of properties, of whatever kind, and so many of events.
INSERT INTO {listed}
SELECT team_id, one.1, one.2, one.3
FROM
(
    SELECT
        team_id, kind = 'name' AS is_event,
        arraySort(groupUniqArray({most_names})((kind, group_type_index, name))) AS names
    FROM {seen}
    WHERE lengthUTF8(name) <= {longest_name} AND (team_id, kind, group_type_index, name) NOT IN (SELECT * FROM {listed})
    GROUP BY team_id, is_event
) AS candidates
LEFT JOIN
(
    SELECT team_id, kind = 'name' AS is_event, count() AS names_taken FROM {listed} GROUP BY team_id, is_event
) AS taken USING (team_id, is_event)
ARRAY JOIN arraySlice(names, 1, greatest(0, {most_names} - toInt64(names_taken))) AS one
