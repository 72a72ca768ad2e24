-- The numbers that Postgres gave to a project's kinds of groups, for statements over events.
CREATE TABLE IF NOT EXISTS {{ stored('group_types') }}
(
    team_id Int64,
    `index` UInt8,
    name    String
)
ENGINE = {{ engine('ReplacingMergeTree') }}
ORDER BY (team_id, `index`);

{{ distributed('group_types', by='cityHash64(team_id)') }}

-- What events say of groups: a row a group, and a row each of its properties. Rows of one key become one by taking the
-- greatest and the least, so neither order nor repetition changes what they say.
CREATE TABLE IF NOT EXISTS {{ stored('group_facts') }}
(
    team_id     Int64,
    `index`     UInt8,
    type        String,
    key         String CODEC(ZSTD(1)),
    is_property Bool,
    property    String CODEC(ZSTD(1)),
    -- time and uuid of the event, and the value as JSON; the uuid as a number, whose order is that of its text
    written     SimpleAggregateFunction(max, Tuple(DateTime64(6, 'UTC'), UInt128, String)) CODEC(ZSTD(1)),
    first_seen  SimpleAggregateFunction(min, DateTime64(6, 'UTC'))
)
ENGINE = {{ engine('AggregatingMergeTree') }}
ORDER BY (team_id, `index`, type, key, is_property, property);

{{ distributed('group_facts', by='cityHash64(team_id, `index`, key)') }}

-- One row a group. `properties` is JSON: of each property what the latest event said of it.
CREATE VIEW IF NOT EXISTS groups {{ on_cluster }} AS
SELECT
    team_id,
    index,
    type,
    key,
    concat('{', arrayStringConcat(arrayMap(
        pair -> concat(toJSONString(pair.1), ':', pair.2),
        arraySort(groupArrayIf((property, value), is_property))
    ), ','), '}') AS properties,
    min(first_seen_of_fact) AS created_at
FROM
(
    SELECT
        team_id, index, type, key, is_property, property,
        tupleElement(max(written), 3) AS value,
        min(first_seen) AS first_seen_of_fact
    FROM group_facts
    GROUP BY team_id, index, type, key, is_property, property
)
GROUP BY team_id, index, type, key;

-- Names that were seen. Rows of one key become one by uniting, and what is there twice counts once.
CREATE TABLE IF NOT EXISTS {{ stored('sightings') }}
(
    team_id          Int64,
    kind             LowCardinality(String), -- name: of an event; event, person, group: of a property of these
    group_type_index Int8, -- -1: no property of a group
    is_other         Bool, -- all names beyond the most that a project may have
    name             String CODEC(ZSTD(1)),
    first_seen       SimpleAggregateFunction(min, DateTime64(6, 'UTC')),
    last_seen        SimpleAggregateFunction(max, DateTime64(6, 'UTC')),
    -- a sketch of the uuids of the events that had the name: exact up to some hundred, then within a few percent
    events           AggregateFunction(uniqCombined64(13), UUID) CODEC(ZSTD(1)),
    -- the type of the value in up to 32 of these events: of those whose uuid has the least hash in each part of the range
    -- of hashes; the number of the part, and the hash with the type in its last three bits
    evidence         SimpleAggregateFunction(minMap, Map(UInt8, UInt64)) CODEC(ZSTD(1))
)
ENGINE = {{ engine('AggregatingMergeTree') }}
ORDER BY (team_id, kind, group_type_index, is_other, name);

{{ distributed('sightings', by='cityHash64(team_id, name)') }}

-- One row a property; times are of events. `type` is that of most values in evidence; of as many, the one that holds more.
-- It is empty when they were null, an object or a list.
CREATE VIEW IF NOT EXISTS property_catalog {{ on_cluster }} AS
WITH
    arrayFilter(code -> code != 0, arrayMap(value -> bitAnd(value, 7), mapValues(united))) AS codes,
    arraySort(code -> (-countEqual(codes, code), code), arrayDistinct(codes))[1] AS most
SELECT
    team_id,
    kind,
    group_type_index,
    is_other,
    name,
    reinterpretAsUUID(MD5(concat(
        toString(team_id), '\0', kind, '\0', toString(group_type_index), '\0', toString(is_other), '\0', name
    ))) AS id,
    ['', 'String', 'Numeric', 'Boolean', 'DateTime'][most + 1] AS type,
    first_seen,
    last_seen,
    volume
FROM
(
    SELECT
        team_id, kind, group_type_index, is_other, name,
        min(sightings.first_seen) AS first_seen,
        max(sightings.last_seen) AS last_seen,
        uniqCombined64Merge(13)(events) AS volume,
        minMap(evidence) AS united
    FROM sightings
    WHERE kind != 'name'
    GROUP BY team_id, kind, group_type_index, is_other, name
);

-- One row a name of events; times are of events.
CREATE VIEW IF NOT EXISTS event_catalog {{ on_cluster }} AS
SELECT
    team_id,
    is_other,
    name,
    reinterpretAsUUID(MD5(concat(toString(team_id), '\0', toString(is_other), '\0', name))) AS id,
    min(sightings.first_seen) AS first_seen,
    max(sightings.last_seen) AS last_seen,
    uniqCombined64Merge(13)(events) AS volume
FROM sightings
WHERE kind = 'name'
GROUP BY team_id, is_other, name;

-- What was loaded, but not as its sender may have meant it: one row an event and type, however often it is written.
CREATE TABLE IF NOT EXISTS {{ stored('ingestion_warnings') }}
(
    team_id     Int64,
    received_at DateTime64(3, 'UTC'),
    type        LowCardinality(String),
    distinct_id String CODEC(ZSTD(1)),
    uuid        UUID,
    event       String CODEC(ZSTD(1)),
    details     String CODEC(ZSTD(1)), -- a JSON object, or nothing
    batch_id    UUID CODEC(ZSTD(1))
)
ENGINE = {{ engine('ReplacingMergeTree', 'received_at') }}
PARTITION BY toYYYYMM(received_at)
ORDER BY (team_id, type, uuid);

{{ distributed('ingestion_warnings', by='cityHash64(team_id, uuid)') }}
