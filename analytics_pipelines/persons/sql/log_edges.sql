INSERT INTO merge_log AS new (team_id, uuid, timestamp, event, target, other, received_at, batch_id, version)
SELECT DISTINCT ON (team_id, uuid) team_id, uuid, timestamp, event, target, other, received_at, %(batch_id)s, %(version)s
FROM sent_edges
ORDER BY team_id, uuid, timestamp, target, other
ON CONFLICT (team_id, uuid) DO NOTHING
RETURNING
    team_id, uuid, target, other,
    -- The same was said before, and stands: then this changes nothing. SDKs repeat themselves.
    EXISTS (
        SELECT FROM merge_log AS old
        WHERE (old.team_id, old.target, old.other) = (new.team_id, new.target, new.other)
          AND (old.timestamp, old.uuid) < (new.timestamp, new.uuid)
          AND old.refused IS NULL
          AND NOT EXISTS (
              SELECT FROM merge_denials AS denial WHERE (denial.team_id, denial.uuid) = (old.team_id, old.uuid)
          )
    ) AS is_repeated
