-- The persons named in {changed}, made of what was said of their ids. For each property the last $set, else the first
-- $set_once, else the last one said outright, where each counts only if it is newer than the last $unset.
INSERT INTO persons (team_id, id, created_at, properties, is_identified, version, is_deleted)
WITH
    members AS (
        SELECT team_id, person_id, distinct_id, created_at, is_identified, is_alive
        FROM person_members FINAL
        WHERE (team_id, person_id) GLOBAL IN (SELECT team_id, person_id FROM {changed})
    ),
    people AS (
        SELECT
            team_id, person_id,
            min(created_at) AS born, max(is_identified) AS is_somebody, max(is_alive) AS is_anybody
        FROM members
        GROUP BY team_id, person_id
    ),
    said AS (
        SELECT
            team_id, person_id,
            -- Three kinds of texts, each with what sorts those that count more before those that count less
            arraySort(text -> text.1, arrayConcat(
                groupArray((concat('1', translate(substring(sets, 1, 46), '0123456789ABCDEF', 'FEDCBA9876543210')), sets)),
                groupArray((concat('2', substring(onces, 1, 46)), onces)),
                groupArrayIf(
                    (concat('3', translate(substring(agains, 1, 46), '0123456789ABCDEF', 'FEDCBA9876543210')), agains),
                    agains != ''
                )
            )) AS texts,
            groupArrayIf(unsets, unsets != '') AS unset
        FROM (
            SELECT
                team_id, distinct_id,
                max(newest_sets) AS sets, min(oldest_onces) AS onces, max(newest_agains) AS agains,
                max(newest_unsets) AS unsets
            FROM person_words
            WHERE (team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM members)
            GROUP BY team_id, distinct_id, shape
        ) AS word
        GLOBAL INNER JOIN (SELECT team_id, person_id, distinct_id FROM members) AS member USING (team_id, distinct_id)
        GROUP BY team_id, person_id
    ),
    properties AS (
        SELECT
            team_id, person_id,
            arrayFlatten(arrayMap(
                text -> arrayMap(
                    name -> (name, substring(text, 1, 46)), JSONExtract(substring(text, 47), 'Array(String)')
                ),
                unset
            )) AS gone,
            -- of each rank the first word of a name stands, or none: not what happens to be kept of another shape
            arrayFlatten(arrayMap(
                text -> arrayMap(
                    pair -> (pair.1, pair.2, substring(text.1, 1, 1), substring(text.2, 1, 46)),
                    JSONExtractKeysAndValuesRaw(substring(text.2, 47))
                ),
                if(empty(unset), [], texts)
            )) AS ranked,
            if(
                empty(unset),
                arrayFlatten(arrayMap(text -> JSONExtractKeysAndValuesRaw(substring(text.2, 47)), texts)),
                arrayMap(word -> (word.1, word.2), arrayFilter(
                    (word, nth) -> nth = 1 AND NOT arrayExists(one -> one.1 = word.1 AND one.2 >= word.4, gone),
                    ranked,
                    arrayEnumerateUniq(tupleElement(ranked, 1), tupleElement(ranked, 3))
                ))
            ) AS claims
        FROM said
    )
SELECT
    changed.team_id,
    changed.person_id,
    coalesce(people.born, toDateTime64(0, 6, 'UTC')),
    if(people.is_anybody, concat('{{', arrayStringConcat(arrayMap(
        -- of a name only the first
        (pair, nth) -> if(nth = 1, concat(toJSONString(pair.1), ':', pair.2), NULL),
        claims, arrayEnumerateUniq(tupleElement(claims, 1))
    ), ','), '}}'), '{{}}'),
    people.is_somebody,
    {version},
    NOT people.is_anybody
FROM (SELECT DISTINCT team_id, person_id FROM {changed}) AS changed
GLOBAL LEFT JOIN people ON people.team_id = changed.team_id AND people.person_id = changed.person_id
GLOBAL LEFT JOIN properties ON properties.team_id = changed.team_id AND properties.person_id = changed.person_id
