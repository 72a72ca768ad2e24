INSERT INTO {facts} (team_id, index, type, key, is_property, property, written, first_seen)
SELECT
    team_id, index, type, key, fact.1, fact.2,
    max((timestamp, toUInt128(uuid), fact.3)),
    min(timestamp)
FROM {named}
INNER JOIN
(
    SELECT DISTINCT team_id, index, name AS type
    FROM group_types
    WHERE team_id GLOBAL IN (SELECT team_id FROM {named})
) AS types USING (team_id, type)
ARRAY JOIN arrayConcat(
    [(false, '', '')],
    arrayMap(pair -> (true, pair.1, pair.2), JSONExtractKeysAndValuesRaw(properties))
) AS fact
GROUP BY team_id, index, type, key, fact.1, fact.2
