-- What a project does not want stored. Capture reads these; an empty list is no rule.
ALTER TABLE projects
    ADD anonymize_ips            boolean NOT NULL DEFAULT false,
    ADD denied_properties        text[] NOT NULL DEFAULT '{}',
    ADD denied_events            text[] NOT NULL DEFAULT '{}',
    ADD allowed_events           text[] NOT NULL DEFAULT '{}',  -- empty: all are allowed
    ADD denied_distinct_ids      text[] NOT NULL DEFAULT '{}',
    ADD daily_event_quota        bigint CHECK (daily_event_quota >= 0),  -- events a UTC day of arrival; NULL: no limit
    ADD autocapture_opt_out      boolean NOT NULL DEFAULT false,
    ADD session_recording_opt_in boolean NOT NULL DEFAULT false;

-- How many events a project sent on a UTC day of arrival. Capture adds to it; the quota is held against it.
CREATE TABLE event_usage (
    project_id bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    day        date NOT NULL,
    events     bigint NOT NULL,
    PRIMARY KEY (project_id, day)
);

-- Lines that say what a rule dropped, and hold no event themselves.
ALTER TABLE ingest_batches ADD dropped bigint NOT NULL DEFAULT 0;
ALTER TABLE ingest_batches DROP CONSTRAINT ingest_batches_check;
ALTER TABLE ingest_batches ADD CONSTRAINT ingest_batches_check
    CHECK (state = 'loading' OR lines = events + duplicates + dead_letters + dropped);
