-- Made anew, and filled from the bucket: what became of lines is partitioned by day of arrival, as events are, so that
-- a day that is loaded again replaces all of it.
DROP TABLE IF EXISTS {{ stored('dead_letters') }} SYNC;

DROP TABLE IF EXISTS {{ stored('dropped_events') }} SYNC;

{% if on_cluster %}
DROP TABLE IF EXISTS dead_letters {{ on_cluster }} SYNC;

DROP TABLE IF EXISTS dropped_events {{ on_cluster }} SYNC;
{% endif %}

-- Lines that broke a rule, word for word, with the rule and where they lie; nothing that was accepted is dropped.
CREATE TABLE IF NOT EXISTS {{ stored('dead_letters') }}
(
    team_id     Int64,
    received_at DateTime64(3, 'UTC'),
    reason      LowCardinality(String),
    stage       LowCardinality(String),
    line        String CODEC(ZSTD(3)),
    object_key  String CODEC(ZSTD(1)),
    arrival_day Date,
    batch_id    UUID
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY arrival_day
ORDER BY (team_id, received_at, reason)
SETTINGS non_replicated_deduplication_window = 10000;

{{ distributed('dead_letters', by='rand()') }}

-- What the projects' rules dropped at the edge: one row a drop line, with how many events of that name it stands for.
-- All rows of a team in a batch go to one shard: they are one part, stored whole or not at all.
CREATE TABLE IF NOT EXISTS {{ stored('dropped_events') }}
(
    team_id     Int64,
    received_at DateTime64(3, 'UTC'),
    rule        LowCardinality(String),
    event       String CODEC(ZSTD(1)),
    events      UInt64,
    arrival_day Date,
    batch_id    UUID
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY arrival_day
ORDER BY (team_id, received_at, rule)
SETTINGS non_replicated_deduplication_window = 10000;

{{ distributed('dropped_events', by='cityHash64(team_id)') }}
