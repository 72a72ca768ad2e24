-- What happened: one row an event, each uuid once in a project.
-- Partitioned by arrival, so that a batch is one part: stored whole or not at all. Sorted by event time, for questions.
CREATE TABLE IF NOT EXISTS {{ stored('events') }}
(
    team_id        Int64,
    uuid           UUID,
    event          String CODEC(ZSTD(1)),
    distinct_id    String CODEC(ZSTD(1)),
    person_id      UUID,
    timestamp      DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    properties     String CODEC(ZSTD(1)),
    elements_chain String CODEC(ZSTD(1)),
    received_at    DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    batch_id       UUID CODEC(ZSTD(1)),
    INDEX received_at_minmax received_at TYPE minmax GRANULARITY 1,
    INDEX uuid_bloom uuid TYPE bloom_filter(0.001) GRANULARITY 4
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY toYYYYMM(received_at)
ORDER BY (team_id, toDate(timestamp), event, cityHash64(distinct_id), timestamp, uuid)
SETTINGS non_replicated_deduplication_window = 10000;

{{ distributed('events', by='cityHash64(team_id, distinct_id)') }}

-- Lines that broke a rule, word for word, with the rule; nothing that was accepted is dropped.
CREATE TABLE IF NOT EXISTS {{ stored('dead_letters') }}
(
    team_id     Int64,
    received_at DateTime64(3, 'UTC'),
    reason      LowCardinality(String),
    stage       LowCardinality(String),
    line        String CODEC(ZSTD(3)),
    batch_id    UUID
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY toYYYYMM(received_at)
ORDER BY (team_id, received_at, reason)
SETTINGS non_replicated_deduplication_window = 10000;

{{ distributed('dead_letters', by='rand()') }}
