CREATE TEMP TABLE IF NOT EXISTS sent_edges (
    team_id     bigint NOT NULL,
    uuid        uuid NOT NULL,
    timestamp   timestamptz NOT NULL,
    event       text NOT NULL,
    target      text NOT NULL,
    other       text NOT NULL,
    received_at timestamptz NOT NULL
) ON COMMIT DELETE ROWS
