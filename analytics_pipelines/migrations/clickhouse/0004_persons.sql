-- When each distinct id was first seen, in event time, and on which days: what an edge has to know of an id's past, found
-- without a scan over events. Every column is a minimum or a union, so rows may be inserted again and in any order.
CREATE TABLE IF NOT EXISTS {{ stored('distinct_id_usage') }}
(
    team_id              Int64,
    distinct_id          String CODEC(ZSTD(1)),
    first_seen           SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    first_with_person    SimpleAggregateFunction(min, Nullable(DateTime64(6, 'UTC'))),
    first_without_person SimpleAggregateFunction(min, Nullable(DateTime64(6, 'UTC'))),
    days                 SimpleAggregateFunction(groupUniqArrayArray, Array(Date32))
)
ENGINE = {{ engine('AggregatingMergeTree') }}
ORDER BY (team_id, distinct_id)
SETTINGS index_granularity = 1024;

{{ distributed('distinct_id_usage', by='cityHash64(team_id, distinct_id)') }}

-- Who people are by now. `created_at` is the earliest timestamp of a person's events, `properties` a JSON object.
CREATE TABLE IF NOT EXISTS {{ stored('persons') }}
(
    team_id       Int64,
    id            UUID,
    created_at    DateTime64(6, 'UTC'),
    properties    String,
    is_identified Bool,
    version       UInt64,
    is_deleted    UInt8
)
ENGINE = {{ engine('ReplacingMergeTree', 'version', 'is_deleted') }}
ORDER BY (team_id, id)
SETTINGS index_granularity = 1024;

{{ distributed('persons', by='cityHash64(team_id, id)') }}

-- Which person each distinct id belongs to. An id that was never sent with a person and is in no merge is not here:
-- its person is the one that its events carry. What stands beside it tells a batch whether it
-- brings anything new.
CREATE TABLE IF NOT EXISTS {{ stored('person_distinct_ids') }}
(
    team_id              Int64,
    distinct_id          String CODEC(ZSTD(1)),
    person_id            UUID,
    is_personful         Bool,
    created_at           Nullable(DateTime64(6, 'UTC')),
    first_with_person    Nullable(DateTime64(6, 'UTC')),
    first_without_person Nullable(DateTime64(6, 'UTC')),
    version              UInt64,
    is_deleted           UInt8
)
ENGINE = {{ engine('ReplacingMergeTree', 'version') }}
ORDER BY (team_id, distinct_id)
SETTINGS index_granularity = 1024;

{{ distributed('person_distinct_ids', by='cityHash64(team_id, distinct_id)') }}

-- The same from the other side: the distinct ids of each person, and what each of them brings to it.
CREATE TABLE IF NOT EXISTS {{ stored('person_members') }}
(
    team_id       Int64,
    person_id     UUID,
    distinct_id   String CODEC(ZSTD(1)),
    created_at    Nullable(DateTime64(6, 'UTC')),
    is_identified Bool,
    is_alive      Bool,
    version       UInt64,
    is_deleted    UInt8
)
ENGINE = {{ engine('ReplacingMergeTree', 'version', 'is_deleted') }}
ORDER BY (team_id, person_id, distinct_id)
SETTINGS index_granularity = 1024;

{{ distributed('person_members', by='cityHash64(team_id, person_id)') }}

-- What was said of persons, kept by the distinct id that it was said of, so that merges are undone without loss. Events of
-- an id that say something of the same properties have one shape: one row with the words of the newest and the oldest of
-- them. Written often and small, so not packed hard. Each column is the stamp of its event (46 characters: time, then uuid, as text that sorts) and JSON behind it, or
-- nothing; greatest and least, so rows may be inserted again and in any order.
CREATE TABLE IF NOT EXISTS {{ stored('person_words') }}
(
    team_id       Int64,
    distinct_id   String CODEC(ZSTD(1)),
    shape         UInt64,
    newest_sets   SimpleAggregateFunction(max, String), -- $set
    newest_agains SimpleAggregateFunction(max, String), -- $set_once that was said outright, not copied
    newest_unsets SimpleAggregateFunction(max, String), -- $unset
    oldest_onces  SimpleAggregateFunction(min, String) -- $set_once
)
ENGINE = {{ engine('AggregatingMergeTree') }}
ORDER BY (team_id, distinct_id, shape)
SETTINGS index_granularity = 512;

{{ distributed('person_words', by='cityHash64(team_id, distinct_id)') }}

-- Distinct ids whose person is another than their events carry: questions put this one in its place. They find it by
-- what the events carry, `stored_person_id`, since that is 16 bytes and no text.
CREATE TABLE IF NOT EXISTS {{ stored('person_overrides') }}
(
    team_id          Int64,
    distinct_id      String CODEC(ZSTD(1)),
    stored_person_id UUID,
    person_id        UUID,
    version          UInt64,
    is_deleted       UInt8
)
ENGINE = {{ engine('ReplacingMergeTree', 'version', 'is_deleted') }}
ORDER BY (team_id, distinct_id);

{{ distributed('person_overrides', by='cityHash64(team_id, distinct_id)') }}

-- What a squash wrote into events, and so what new events of these ids carry: the own person of the id `named_after`.
CREATE TABLE IF NOT EXISTS {{ stored('squashed_ids') }}
(
    team_id     Int64,
    distinct_id String CODEC(ZSTD(1)),
    person_id   UUID,
    named_after String CODEC(ZSTD(1)),
    version     UInt64
)
ENGINE = {{ engine('ReplacingMergeTree', 'version') }}
ORDER BY (team_id, distinct_id);

{{ distributed('squashed_ids', by='cityHash64(team_id, distinct_id)') }}

-- The overrides that a squash is folding into events now; empty between squashes.
CREATE TABLE IF NOT EXISTS {{ stored('squash_snapshot') }}
(
    team_id          Int64,
    distinct_id      String,
    stored_person_id UUID,
    person_id        UUID,
    named_after      String
)
ENGINE = {{ engine('MergeTree') }}
ORDER BY (team_id, distinct_id);

{{ distributed('squash_snapshot', by='cityHash64(team_id, distinct_id)') }}

-- When a person was deleted, by each of its distinct ids: what was received until then says nothing of anyone.
CREATE TABLE IF NOT EXISTS {{ stored('person_deletions') }}
(
    team_id     Int64,
    distinct_id String,
    deleted_at  DateTime64(3, 'UTC')
)
ENGINE = {{ engine('ReplacingMergeTree', 'deleted_at') }}
ORDER BY (team_id, distinct_id);

{{ distributed('person_deletions', by='cityHash64(team_id, distinct_id)') }}

-- Up to which version the person store stands in these tables. It is lost with them, and then all is published anew.
CREATE TABLE IF NOT EXISTS {{ stored('persons_published') }}
(
    only_one UInt8,
    version  UInt64
)
ENGINE = {{ engine('ReplacingMergeTree', 'version') }}
ORDER BY only_one;

{{ distributed('persons_published', by='only_one') }}
