CREATE TABLE {listed}
(
    team_id          Int64,
    kind             LowCardinality(String),
    group_type_index Int8,
    name             String
)
ENGINE = Memory
