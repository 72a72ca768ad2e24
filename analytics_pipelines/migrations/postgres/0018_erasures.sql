-- What people asked to have erased. `subject` says who or what is meant, until the erasure is verified; what is kept of it then are
-- salted hashes, by which an id is known again that comes to light later, and numbers. Without a reference to the project:
-- the proof outlives it.
CREATE TABLE erasures (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id      bigint NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('person', 'group', 'events', 'project')),
    state        text NOT NULL DEFAULT 'requested'
        CHECK (state IN ('requested', 'pending', 'erasing', 'verifying', 'verified', 'failed')),
    requested_at timestamptz NOT NULL, -- what is received later stays
    requested_by text NOT NULL,
    subject      jsonb CHECK ((subject IS NULL) = (state = 'verified')),
    salt         bytea NOT NULL,
    hashes       bytea[] NOT NULL,
    -- what is being done, and how much of it is
    step         text NOT NULL DEFAULT '',
    done         bigint NOT NULL DEFAULT 0,
    total        bigint NOT NULL DEFAULT 0,
    found        jsonb NOT NULL DEFAULT '{}', -- rows that were erased so far, by place
    report       jsonb,
    error        text, -- why the last attempt ended
    attempts     integer NOT NULL DEFAULT 0,
    run_id       text,
    started_at   timestamptz,
    finished_at  timestamptz
);
CREATE INDEX erasures_team ON erasures (team_id, id);
CREATE INDEX erasures_open ON erasures (id) WHERE state NOT IN ('verified', 'failed');
