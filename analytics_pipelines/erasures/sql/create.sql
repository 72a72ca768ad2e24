-- Who and what an erasure is about, while it goes on. These tables go with it.
CREATE TABLE IF NOT EXISTS {events}
(
    team_id     Int64,
    uuid        UUID,
    distinct_id String,
    day         Date32
)
ENGINE = MergeTree ORDER BY (team_id, uuid);

CREATE TABLE IF NOT EXISTS {ids} (team_id Int64, distinct_id String)
ENGINE = ReplacingMergeTree ORDER BY (team_id, distinct_id);

CREATE TABLE IF NOT EXISTS {persons} (team_id Int64, person_id UUID)
ENGINE = ReplacingMergeTree ORDER BY (team_id, person_id);

CREATE TABLE IF NOT EXISTS {others} (team_id Int64, person_id UUID, version UInt64)
ENGINE = ReplacingMergeTree(version) ORDER BY (team_id, person_id);

CREATE TABLE IF NOT EXISTS {groups} (team_id Int64, type String, key String)
ENGINE = ReplacingMergeTree ORDER BY (team_id, type, key);

CREATE TABLE IF NOT EXISTS {letters} (arrival_day Date, batch_id UUID, hash FixedString(16))
ENGINE = ReplacingMergeTree ORDER BY (arrival_day, batch_id, hash);

CREATE TABLE IF NOT EXISTS {names} (team_id Int64, kind String, group_type_index Int8, name String)
ENGINE = ReplacingMergeTree ORDER BY (team_id, kind, group_type_index, name);

CREATE TABLE IF NOT EXISTS {batches} (batch_id UUID, arrival_day Date)
ENGINE = ReplacingMergeTree ORDER BY batch_id
