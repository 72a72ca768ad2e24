-- Property filters that leave out the people who build the product.
ALTER TABLE projects ADD test_account_filters jsonb NOT NULL DEFAULT '[]';

-- The last change of a project's events, persons or groups: the number of the last touch of any of its days. An answer
-- that was computed at this number still holds.
CREATE TABLE data_versions (
    team_id bigint PRIMARY KEY,
    touch   bigint NOT NULL,
    at      timestamptz NOT NULL
);
INSERT INTO data_versions SELECT team_id, max(touch), max(touched_at) FROM dirty_days GROUP BY team_id;

-- In the order of the teams, so that two loads never wait for each other.
CREATE FUNCTION note_data_version() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    INSERT INTO data_versions SELECT team_id, max(touch), max(touched_at) FROM touched GROUP BY team_id ORDER BY team_id
    ON CONFLICT (team_id) DO UPDATE SET touch = greatest(data_versions.touch, EXCLUDED.touch), at = EXCLUDED.at
    ; RETURN NULL; END $$;
CREATE TRIGGER note_inserted AFTER INSERT ON dirty_days REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION note_data_version();
CREATE TRIGGER note_updated AFTER UPDATE ON dirty_days REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION note_data_version();

-- Answers, for a while; used where no other cache is set. A crash of the server may empty it.
CREATE UNLOGGED TABLE query_cache (
    key        text PRIMARY KEY,
    answer     bytea NOT NULL, -- JSON, compressed
    expires_at timestamptz NOT NULL
);
CREATE INDEX query_cache_expiry ON query_cache (expires_at);

-- Who is being answered now, so that one project does not take all of ClickHouse. A lost process' slots expire.
CREATE UNLOGGED TABLE query_slots (
    ticket     uuid PRIMARY KEY,
    team_id    bigint NOT NULL,
    pool       text NOT NULL CHECK (pool IN ('api', 'app')),
    expires_at timestamptz NOT NULL
);
CREATE INDEX query_slots_team ON query_slots (team_id, pool);

-- Questions that run in the background; the answer is in the cache. One that is not finished by its deadline was lost
-- with its process.
CREATE TABLE query_runs (
    team_id      bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    id           text NOT NULL,
    cache_key    text NOT NULL,
    started_at   timestamptz NOT NULL,
    deadline     timestamptz NOT NULL,
    finished_at  timestamptz,
    expires_at   timestamptz NOT NULL,
    is_cancelled boolean NOT NULL DEFAULT false,
    error        jsonb, -- as the API answers it, with its status
    PRIMARY KEY (team_id, id)
);
CREATE INDEX query_runs_expiry ON query_runs (expires_at);
