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
            person_id, team_id,
            groupArray((sets, onces, agains)) AS words,
            arrayFlatten(groupArray(arrayMap(
                name -> (name, substring(unsets, 1, 46)), JSONExtract(substring(unsets, 47), 'Array(String)')
            ))) AS unset
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
    texts AS (
        SELECT
            team_id, person_id,
            concat('{{', arrayStringConcat(groupArray(concat(toJSONString(key), ':', value)), ','), '}}') AS properties
        FROM (
            SELECT team_id, person_id, claim.1 AS key, argMax(claim.2, (claim.3, claim.2)) AS value
            FROM (
                SELECT
                    team_id, person_id, unset,
                    arrayJoin(words) AS word,
                    substring(word.1, 1, 46) AS newest,
                    substring(word.2, 1, 46) AS oldest,
                    arrayConcat(
                        arrayMap(
                            pair -> (pair.1, pair.2, concat('3', newest), newest),
                            JSONExtractKeysAndValuesRaw(substring(word.1, 47))
                        ),
                        arrayMap(
                            -- the least of these is the greatest of those
                            pair -> (pair.1, pair.2, concat('2', translate(oldest, '0123456789ABCDEF', 'FEDCBA9876543210')), oldest),
                            JSONExtractKeysAndValuesRaw(substring(word.2, 47))
                        ),
                        if(empty(unset), [], arrayMap(
                            pair -> (pair.1, pair.2, concat('1', newest), newest),
                            JSONExtractKeysAndValuesRaw(substring(word.3, 47))
                        ))
                    ) AS claims
                FROM said
            )
            ARRAY JOIN if(empty(unset), claims, arrayFilter(
                one -> NOT arrayExists(gone -> gone.1 = one.1 AND gone.2 >= one.4, unset), claims
            )) AS claim
            GROUP BY team_id, person_id, key
        )
        GROUP BY team_id, person_id
    )
SELECT
    changed.team_id,
    changed.person_id,
    coalesce(people.born, toDateTime64(0, 6, 'UTC')),
    if(people.is_anybody AND texts.properties != '', texts.properties, '{{}}'),
    people.is_somebody,
    {version},
    NOT people.is_anybody
FROM (SELECT DISTINCT team_id, person_id FROM {changed}) AS changed
GLOBAL LEFT JOIN people ON people.team_id = changed.team_id AND people.person_id = changed.person_id
GLOBAL LEFT JOIN texts ON texts.team_id = changed.team_id AND texts.person_id = changed.person_id
