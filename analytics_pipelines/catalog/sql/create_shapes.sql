-- `properties` of these: names, and what their values look like (type_of.sql).
CREATE TABLE {shapes}
(
    team_id           Int64,
    event             String,
    properties        Array(Tuple(String, UInt8)),
    person_properties Array(Tuple(String, UInt8)),
    group_type        String,
    group_properties  Array(Tuple(String, UInt8)),
    first_seen        DateTime64(6, 'UTC'),
    last_seen         DateTime64(6, 'UTC'),
    received_at       DateTime64(3, 'UTC'),
    events            AggregateFunction(uniqCombined64(13), UUID)
)
ENGINE = Memory
