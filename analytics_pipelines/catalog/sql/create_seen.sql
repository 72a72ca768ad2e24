CREATE TABLE {seen}
(
    team_id          Int64,
    kind             LowCardinality(String),
    group_type_index Int8,
    name             String,
    first_seen       DateTime64(6, 'UTC'),
    last_seen        DateTime64(6, 'UTC'),
    received_at      DateTime64(3, 'UTC'),
    events           AggregateFunction(uniqCombined64(13), UUID),
    evidence         Map(UInt8, UInt64)
)
ENGINE = Memory
