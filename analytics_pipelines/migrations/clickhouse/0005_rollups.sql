-- Tables derived from `events`, a partition each UTC day of event time, so that a day is replaced whole.
-- Days are Date32 because events may be from 1900 on.

-- How often each event happened in each hour, and by whom.
-- `people` is a set of person ids: sets of hours unite to the exact number of people in any span of whole hours.
CREATE TABLE IF NOT EXISTS {{ stored('event_counts_hourly') }}
(
    team_id Int64,
    day     Date32,
    event   String CODEC(ZSTD(1)),
    hour    DateTime64(0, 'UTC'),
    events  UInt64,
    people  AggregateFunction(uniqExact, UUID)
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY toYYYYMMDD(day)
ORDER BY (team_id, event, hour);

{{ distributed('event_counts_hourly', by='cityHash64(team_id, event)') }}

-- Who did what on which day, and how often: one row a person and event, so it can be joined with persons and cohorts.
-- `has_person`: at least one of the events was sent with a person profile.
CREATE TABLE IF NOT EXISTS {{ stored('active_people_daily') }}
(
    team_id    Int64,
    day        Date32,
    event      String CODEC(ZSTD(1)),
    person_id  UUID,
    events     UInt64,
    has_person Bool
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY toYYYYMMDD(day)
ORDER BY (team_id, event, person_id);

{{ distributed('active_people_daily', by='cityHash64(team_id, person_id)') }}

-- Visits: one row a `$session_id`. `day` is the day of the moment in the id (a UUIDv7), which no late event can move.
CREATE TABLE IF NOT EXISTS {{ stored('sessions') }}
(
    team_id                 Int64,
    session_id              String CODEC(ZSTD(1)),
    day                     Date32,
    distinct_id             String CODEC(ZSTD(1)),
    person_id               UUID,
    start                   DateTime64(6, 'UTC'),
    `end`                   DateTime64(6, 'UTC'),
    duration                UInt32,
    events                  UInt64,
    pageviews               UInt64,
    screens                 UInt64,
    autocaptures            UInt64,
    urls                    UInt64,
    entry_url               Nullable(String) CODEC(ZSTD(1)),
    entry_hostname          Nullable(String) CODEC(ZSTD(1)),
    entry_pathname          Nullable(String) CODEC(ZSTD(1)),
    exit_url                Nullable(String) CODEC(ZSTD(1)),
    exit_hostname           Nullable(String) CODEC(ZSTD(1)),
    exit_pathname           Nullable(String) CODEC(ZSTD(1)),
    entry_referring_domain  Nullable(String) CODEC(ZSTD(1)),
    entry_utm_source        Nullable(String) CODEC(ZSTD(1)),
    entry_utm_medium        Nullable(String) CODEC(ZSTD(1)),
    entry_utm_campaign      Nullable(String) CODEC(ZSTD(1)),
    entry_utm_content       Nullable(String) CODEC(ZSTD(1)),
    entry_utm_term          Nullable(String) CODEC(ZSTD(1)),
    entry_gclid             Nullable(String) CODEC(ZSTD(1)),
    entry_gad_source        Nullable(String) CODEC(ZSTD(1)),
    entry_fbclid            Nullable(String) CODEC(ZSTD(1)),
    channel_type            LowCardinality(String),
    is_bounce               Nullable(Bool),
    last_external_click_url Nullable(String) CODEC(ZSTD(1)),
    vitals_lcp              Nullable(Float64),
    browser                 LowCardinality(Nullable(String)),
    os                      LowCardinality(Nullable(String)),
    device_type             LowCardinality(Nullable(String)),
    country                 LowCardinality(Nullable(String)),
    views_by_path           Map(String, UInt64) CODEC(ZSTD(1))
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY toYYYYMMDD(day)
ORDER BY (team_id, session_id);

{{ distributed('sessions', by='cityHash64(team_id, session_id)') }}

-- Visits with a page or screen by the day of their first event, once for each value of each dimension;
-- the dimension '' is all of them. Every column but `visitors`, a set, adds up over days.
CREATE TABLE IF NOT EXISTS {{ stored('web_stats_daily') }}
(
    team_id          Int64,
    day              Date32,
    dimension        LowCardinality(String),
    value            String CODEC(ZSTD(1)),
    visitors         AggregateFunction(uniqExact, UUID),
    views            UInt64,
    sessions         UInt64,
    duration_seconds UInt64,
    bounces          UInt64,
    bounceable       UInt64
)
ENGINE = {{ engine('MergeTree') }}
PARTITION BY toYYYYMMDD(day)
ORDER BY (team_id, dimension, value);

{{ distributed('web_stats_daily', by='cityHash64(team_id, dimension, value)') }}
