CREATE TABLE {staging}
(
    team_id        Int64,
    uuid           UUID,
    event          String,
    distinct_id    String,
    person_id      UUID,
    timestamp      DateTime64(6, 'UTC'),
    properties     String,
    elements_chain String,
    received_at    DateTime64(3, 'UTC'),
    reason         String,
    stage          String,
    dropped_by     String,
    dropped        UInt64,
    line           String
)
ENGINE = Memory
SETTINGS compress = 1
