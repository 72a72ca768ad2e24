-- Of a batch that was visible before, a project's events that became visible later, in order; NULL: all of the batch.
ALTER TABLE visible_batches
    ADD team_id bigint,
    ADD uuids   uuid[];

-- Events that are about to become visible so, by project, as they were found before anything was stored: lines that are
-- tried again after they were broken off (`token` is of the lines) find them here.
CREATE TABLE readmissions (
    batch_id uuid  NOT NULL,
    token    text  NOT NULL,
    uuids    jsonb NOT NULL CHECK (jsonb_typeof(uuids) = 'object'),
    PRIMARY KEY (batch_id, token)
);
