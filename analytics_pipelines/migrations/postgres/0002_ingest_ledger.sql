-- One row a batch: which raw objects were loaded together, and what became of their lines.
-- The row is written before the load and closed after it, so a batch found open is loaded again, as it was.
CREATE TABLE ingest_batches (
    id           uuid PRIMARY KEY,
    arrival_hour timestamptz NOT NULL CHECK (date_trunc('hour', arrival_hour, 'UTC') = arrival_hour),
    state        text NOT NULL CHECK (state IN ('loading', 'loaded')),
    attempts     integer NOT NULL DEFAULT 0,
    objects      integer NOT NULL,
    bytes        bigint NOT NULL,
    lines        bigint,
    events       bigint,
    duplicates   bigint,
    dead_letters bigint,
    run_id       text,
    claimed_at   timestamptz NOT NULL,
    loaded_at    timestamptz,
    CHECK (state = 'loading' OR lines = events + duplicates + dead_letters)
);
CREATE INDEX ingest_batches_hour ON ingest_batches (arrival_hour);
CREATE INDEX ingest_batches_open ON ingest_batches (claimed_at) WHERE state = 'loading';
CREATE INDEX ingest_batches_run ON ingest_batches (run_id);

CREATE TABLE ingest_objects (
    key      text PRIMARY KEY,
    batch_id uuid NOT NULL REFERENCES ingest_batches ON DELETE CASCADE,
    position integer NOT NULL,
    bytes    bigint NOT NULL,
    -- the object had gone from the bucket when its batch was loaded
    is_lost  boolean NOT NULL DEFAULT false
);
CREATE INDEX ingest_objects_batch ON ingest_objects (batch_id, position);

-- Every arrival hour before this one is loaded whole; only the live drain, which looks everywhere, moves it on.
CREATE TABLE ingest_watermark (
    only_one     boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    loaded_until timestamptz NOT NULL
);

-- Event days whose rows changed, and when: what is derived from them is made again.
CREATE TABLE dirty_days (
    team_id    bigint NOT NULL,
    day        date NOT NULL,
    touched_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, day)
);
