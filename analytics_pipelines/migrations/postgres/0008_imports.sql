-- One row an import: a file's content, by one mapping, into one project. `rows_stored` rows of it, from its beginning,
-- are durable objects; an import that was broken off goes on behind them.
CREATE TABLE imports (
    project_id     bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    file_digest    bytea NOT NULL CHECK (length(file_digest) = 32),     -- SHA-256 of the file
    mapping_digest bytea NOT NULL CHECK (length(mapping_digest) = 32),  -- of all that decides what its rows become
    file_name      text NOT NULL,
    rows_stored    bigint NOT NULL DEFAULT 0,
    tally          jsonb,
    started_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    finished_at    timestamptz,
    PRIMARY KEY (project_id, file_digest, mapping_digest),
    CHECK ((finished_at IS NULL) = (tally IS NULL))
);
