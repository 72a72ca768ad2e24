-- Raw objects that take the place of others: few large ones of many small, or one without some of its lines.
-- `planned`: the new object may be there, and does not count; `swapped`: it counts, and the old ones are to be deleted;
-- `done`; `given_up`: the new object was not found to be there, and does not count should it come yet.
CREATE TABLE raw_replacements (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    new_key      text UNIQUE, -- NULL: no line stays
    old_keys     text[] NOT NULL, -- emptied when done
    arrival_hour timestamptz NOT NULL,
    why          text NOT NULL,
    state        text NOT NULL CHECK (state IN ('planned', 'swapped', 'done', 'given_up')),
    old_objects  integer NOT NULL,
    old_bytes    bigint NOT NULL,
    new_bytes    bigint NOT NULL,
    lines        bigint NOT NULL, -- of the new object
    -- the old keys, and those whose lines had moved into them: where their lines are in the new object; emptied when
    -- it counts
    moved_keys   text[] NOT NULL,
    first_lines  bigint[] NOT NULL,
    line_counts  bigint[] NOT NULL,
    planned_at   timestamptz NOT NULL,
    done_at      timestamptz
);
CREATE INDEX raw_replacements_hour ON raw_replacements (arrival_hour);
CREATE INDEX raw_replacements_open ON raw_replacements (id) WHERE state IN ('planned', 'swapped');

-- Where the lines of objects are that the ledger names and that gave way.
CREATE TABLE raw_moved_objects (
    key            text PRIMARY KEY,
    replacement_id bigint NOT NULL REFERENCES raw_replacements,
    new_key        text,
    first_line     bigint NOT NULL,
    lines          bigint NOT NULL
);
CREATE INDEX raw_moved_objects_new ON raw_moved_objects (new_key);
CREATE INDEX raw_moved_objects_replacement ON raw_moved_objects (replacement_id);
