-- What is exported, how often and to where. `secrets` is sealed; `next_start` is the first interval that the clock has not
-- asked for yet.
CREATE TABLE batch_exports (
    team_id          bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name             text NOT NULL,
    model            text NOT NULL CHECK (model IN ('events', 'persons', 'sessions', 'cohort', 'sql')),
    destination_type text NOT NULL CHECK (destination_type IN ('S3', 'Folder', 'Postgres', 'ClickHouse')),
    config           jsonb NOT NULL CHECK (jsonb_typeof(config) = 'object'),
    secrets          bytea NOT NULL,
    every            text NOT NULL CHECK (every IN ('hour', 'day')),
    filters          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(filters) = 'object'),
    columns          text[] NOT NULL DEFAULT '{}',
    query            text NOT NULL DEFAULT '',
    cohort_id        bigint,
    paused           boolean NOT NULL DEFAULT false,
    start_at         timestamptz,
    end_at           timestamptz,
    next_start       timestamptz,
    deleted          boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL DEFAULT now(),
    created_by       bigint REFERENCES users ON DELETE SET NULL,
    last_updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX batch_exports_team ON batch_exports (team_id);

CREATE TABLE export_backfills (
    team_id     bigint NOT NULL,
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    export_id   uuid NOT NULL REFERENCES batch_exports ON DELETE CASCADE,
    start_at    timestamptz NOT NULL,
    end_at      timestamptz NOT NULL,
    created_at  timestamptz NOT NULL,
    cancelled   boolean NOT NULL DEFAULT false
);
CREATE INDEX export_backfills_export ON export_backfills (export_id, created_at);

-- One row an interval: what is asked for, under way, or done. `fingerprint` is of the rows that were exported; they are
-- looked at again when something may have changed them after `checked_at`.
CREATE TABLE export_runs (
    team_id         bigint NOT NULL,
    export_id       uuid NOT NULL REFERENCES batch_exports ON DELETE CASCADE,
    interval_start  timestamptz NOT NULL,
    interval_end    timestamptz NOT NULL,
    id              uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    status          text NOT NULL
        CHECK (status IN ('Starting', 'Running', 'Completed', 'FailedRetryable', 'Failed', 'Cancelled')),
    why             text NOT NULL CHECK (why IN ('schedule', 'backfill', 'changed', 'asked', 'erasure')),
    backfill_id     uuid REFERENCES export_backfills ON DELETE SET NULL,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    rows            bigint,
    bytes           bigint,
    files           integer,
    fingerprint     text,
    checked_at      timestamptz,
    error           text,
    run_id          text,
    created_at      timestamptz NOT NULL,
    started_at      timestamptz,
    finished_at     timestamptz,
    PRIMARY KEY (export_id, interval_start),
    CHECK (interval_start < interval_end)
);
CREATE INDEX export_runs_waiting ON export_runs (export_id, next_attempt_at)
    WHERE status IN ('Starting', 'Running', 'FailedRetryable');
CREATE INDEX export_runs_backfill ON export_runs (backfill_id);

