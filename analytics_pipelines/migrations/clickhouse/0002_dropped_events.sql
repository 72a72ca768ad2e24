-- What the projects' rules dropped at the edge: one row a drop line, with how many events of that name it stands for.
-- All rows of a team in a batch and month go to one shard: they are one part, stored whole or not at all.
CREATE TABLE IF NOT EXISTS {{ stored('dropped_events') }}
(
    team_id     Int64,
    received_at DateTime64(3, 'UTC'),
    rule        LowCardinality(String),
    event       String CODEC(ZSTD(1)),
    events      UInt64,
    batch_id    UUID
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY toYYYYMM(received_at)
ORDER BY (team_id, received_at, rule)
SETTINGS non_replicated_deduplication_window = 10000;

{{ distributed('dropped_events', by='cityHash64(team_id)') }}
