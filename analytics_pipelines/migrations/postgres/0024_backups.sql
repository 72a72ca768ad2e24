-- Backups that this installation was restored from. Until `finished_at` the restore goes on, or was broken off and may be
-- repeated. `enabled_webhooks` are told of nothing that is loaded meanwhile.
CREATE TABLE restored_backups (
    id               uuid PRIMARY KEY,
    started_at       timestamptz NOT NULL,
    enabled_webhooks bigint[] NOT NULL DEFAULT '{}',
    kept_rows_loaded boolean NOT NULL DEFAULT false,
    finished_at      timestamptz
);
