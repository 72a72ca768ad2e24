CREATE TABLE {named}
(
    team_id     Int64,
    uuid        UUID,
    event       String,
    distinct_id String,
    timestamp   DateTime64(6, 'UTC'),
    received_at DateTime64(3, 'UTC'),
    position    UInt32,
    type        String,
    key         String,
    properties  String
)
ENGINE = Memory
