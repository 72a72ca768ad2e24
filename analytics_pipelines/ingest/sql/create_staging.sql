CREATE TABLE {staging}
(
    number         UInt64,
    team_id        Int64,
    uuid           UUID,
    event          String,
    distinct_id    String,
    person_id      UUID,
    timestamp      DateTime64(6, 'UTC'),
    properties     String,
    elements_chain String,
    has_person     Bool,
    is_bot         Bool,
    ip             String,
    located_by     String, -- the address by which its place is found
    groups         Map(LowCardinality(String), String),
    {hot_columns},
    received_at    DateTime64(3, 'UTC'),
    arrival_day    Date,
    reason         LowCardinality(String),
    dropped_by     LowCardinality(String),
    dropped        UInt64,
    warnings       Array(LowCardinality(String))
)
ENGINE = Memory
