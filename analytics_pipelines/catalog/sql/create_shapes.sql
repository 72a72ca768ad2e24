CREATE TABLE {shapes}
(
    team_id     Int64,
    event       String,
    has_person  Bool,
    shape       UInt64,
    hash        UInt64, -- of the uuid of the event that has these `properties`
    properties  String,
    first_seen  DateTime64(6, 'UTC'),
    last_seen   DateTime64(6, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    events      AggregateFunction(uniqCombined64(13), UUID)
)
ENGINE = Memory
