-- An override is dropped when all events of the id carry its person: not while a squash is writing that.
INSERT INTO person_overrides (team_id, distinct_id, stored_person_id, person_id, version, is_deleted)
SELECT
    ids.team_id, ids.distinct_id,
    multiIf(
        snapshot.distinct_id != '', snapshot.stored_person_id,
        squashed.distinct_id != '', squashed.person_id,
        ids.own_person
    ) AS stored,
    ids.person,
    ids.version,
    ids.person = stored AND snapshot.distinct_id = ''
FROM (
    SELECT *
    FROM input('team_id Int64, distinct_id String, person UUID, own_person UUID, version UInt64')
) AS ids
GLOBAL LEFT ANY JOIN (SELECT team_id, distinct_id, person_id FROM squashed_ids FINAL) AS squashed
    ON squashed.team_id = ids.team_id AND squashed.distinct_id = ids.distinct_id
GLOBAL LEFT ANY JOIN squash_snapshot AS snapshot
    ON snapshot.team_id = ids.team_id AND snapshot.distinct_id = ids.distinct_id
FORMAT TabSeparated
