-- The ids whose rows in the person store may change: those first sent with a person, those of edges, and known ones that
-- turn out to be older. Each with its past from all batches.
CREATE TABLE {touched} ENGINE = Memory AS
WITH
    known AS (
        SELECT
            team_id, distinct_id, true AS is_known, is_personful AS was_personful,
            created_at AS known_created, first_with_person AS known_with, first_without_person AS known_without
        FROM person_distinct_ids FINAL
        WHERE (team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM {usage})
    ),
    ids AS (
        SELECT team_id, distinct_id
        FROM {usage} AS batch
        GLOBAL LEFT JOIN known USING (team_id, distinct_id)
        WHERE is_personful AND ({every_id} OR NOT was_personful)
           OR is_known AND (
               {every_id}
               OR ifNull(created_at < known_created, created_at IS NOT NULL)
               OR ifNull(first_with_person < known_with, first_with_person IS NOT NULL)
               OR ifNull(first_without_person < known_without, first_without_person IS NOT NULL)
           )
        UNION DISTINCT
        SELECT team_id, arrayJoin([distinct_id, other]) FROM {edges} WHERE is_edge
        UNION DISTINCT
        SELECT team_id, distinct_id FROM {edges} WHERE NOT is_edge
    )
SELECT
    ids.team_id AS team_id,
    ids.distinct_id AS distinct_id,
    batch.is_personful AS is_personful,
    if(deletions.distinct_id = '', past.seen, batch.created_at) AS created_at,
    past.with_person AS first_with_person,
    past.without_person AS first_without_person
FROM ids
LEFT JOIN {usage} AS batch ON batch.team_id = ids.team_id AND batch.distinct_id = ids.distinct_id
GLOBAL LEFT JOIN (
    SELECT
        team_id, distinct_id, toNullable(min(first_seen)) AS seen,
        min(first_with_person) AS with_person, min(first_without_person) AS without_person
    FROM distinct_id_usage
    WHERE (team_id, distinct_id) GLOBAL IN (SELECT team_id, distinct_id FROM ids)
    GROUP BY team_id, distinct_id
) AS past ON past.team_id = ids.team_id AND past.distinct_id = ids.distinct_id
GLOBAL LEFT ANY JOIN person_deletions AS deletions
    ON deletions.team_id = ids.team_id AND deletions.distinct_id = ids.distinct_id
