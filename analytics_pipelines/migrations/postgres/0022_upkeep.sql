-- How many days of what a project keeps; NULL: for ever.
ALTER TABLE projects
    ADD event_retention_days       integer CHECK (event_retention_days > 0),
    ADD recording_retention_days   integer CHECK (recording_retention_days > 0),
    ADD dead_letter_retention_days integer CHECK (dead_letter_retention_days > 0),
    ADD export_retention_days      integer CHECK (export_retention_days > 0);

-- Arrival hours whose small objects became few large ones; looked at again when a batch of them is loaded later.
CREATE TABLE compacted_hours (
    arrival_hour timestamptz PRIMARY KEY,
    looked_at    timestamptz NOT NULL
);

-- Days of arrival that rows are about to be removed from, and what follows from that: event days that changed, by team,
-- and batches whose rows are counted again. A row that stays was broken off, and is done again.
CREATE TABLE expiries (
    table_name  text NOT NULL,
    arrival_day date NOT NULL,
    teams       bigint[] NOT NULL,
    event_days  date[] NOT NULL,
    batches     uuid[] NOT NULL,
    PRIMARY KEY (table_name, arrival_day)
);

-- Days of arrival whose recordings hold nothing of these projects any more.
CREATE TABLE expired_recordings (
    arrival_day date PRIMARY KEY,
    teams       bigint[] NOT NULL
);
