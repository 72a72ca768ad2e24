-- The ids whose rows in the person store may change: those sent with a person, those of edges, and known ones that turn
-- out to be older. Each with its past from all batches.
CREATE TABLE {touched} ENGINE = Memory AS
WITH
    batch AS (
        SELECT
            team_id, distinct_id,
            min({reduced}.created_at) AS created,
            min({reduced}.first_with_person) AS with_person,
            min({reduced}.first_without_person) AS without_person,
            max(is_personful) AS personful
        FROM {reduced}
        GROUP BY team_id, distinct_id
    ),
    ids AS (
        SELECT team_id, distinct_id FROM {reduced} WHERE is_personful
        UNION DISTINCT
        SELECT team_id, tupleElement(arrayJoin(edges), 4) FROM {reduced}
        UNION DISTINCT
        SELECT team_id, distinct_id
        FROM batch
        INNER JOIN (
            SELECT
                team_id, distinct_id,
                min(created_at) AS known_created, min(first_with_person) AS known_with, min(first_without_person) AS known_without
            FROM person_distinct_ids FINAL
            WHERE (team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM batch WHERE NOT personful)
            GROUP BY team_id, distinct_id
        ) AS known USING (team_id, distinct_id)
        WHERE ifNull(created < known_created, created IS NOT NULL)
           OR ifNull(with_person < known_with, with_person IS NOT NULL)
           OR ifNull(without_person < known_without, without_person IS NOT NULL)
    )
SELECT
    ids.team_id AS team_id,
    ids.distinct_id AS distinct_id,
    batch.personful AS is_personful,
    if(deletions.distinct_id = '', past.seen, batch.created) AS created_at,
    past.with_person AS first_with_person,
    past.without_person AS first_without_person
FROM ids
LEFT JOIN batch ON batch.team_id = ids.team_id AND batch.distinct_id = ids.distinct_id
LEFT JOIN (
    SELECT
        team_id, distinct_id, toNullable(min(first_seen)) AS seen,
        min(first_with_person) AS with_person, min(first_without_person) AS without_person
    FROM distinct_id_usage
    WHERE (team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM ids)
    GROUP BY team_id, distinct_id
) AS past ON past.team_id = ids.team_id AND past.distinct_id = ids.distinct_id
LEFT ANY JOIN person_deletions AS deletions
    ON deletions.team_id = ids.team_id AND deletions.distinct_id = ids.distinct_id
