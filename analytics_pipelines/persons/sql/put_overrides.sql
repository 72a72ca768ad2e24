-- An override is dropped only when all events of the id carry its person: not while a squash is writing that.
INSERT INTO person_overrides (team_id, distinct_id, stored_person_id, person_id, version, is_deleted)
SELECT
    ids.team_id, ids.distinct_id, if(squashed.distinct_id = '', ids.own_person, squashed.person_id) AS stored, ids.person,
    ids.version,
    ids.person = stored
        AND (ids.team_id, ids.distinct_id) GLOBAL NOT IN (SELECT team_id, distinct_id FROM squash_snapshot)
FROM (
    SELECT *
    FROM input('team_id Int64, distinct_id String, person UUID, own_person UUID, version UInt64')
) AS ids
LEFT ANY JOIN (SELECT team_id, distinct_id, person_id FROM squashed_ids FINAL) AS squashed
    ON squashed.team_id = ids.team_id AND squashed.distinct_id = ids.distinct_id
FORMAT TabSeparated
