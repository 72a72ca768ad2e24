-- Arrival days that are being loaded again. `filling`: beside the tables, and given up if its process ends; `swapping`:
-- about to take the old day's place, and finished by whoever loads next; `swapped`: what follows from it is to be done.
CREATE TABLE replays (
    day        date PRIMARY KEY,
    state      text NOT NULL CHECK (state IN ('filling', 'swapping', 'swapped')),
    started_at timestamptz NOT NULL,
    run_id     text
);

-- The batches of such a day, which become the ledger's with it.
CREATE TABLE replay_batches (
    id           uuid PRIMARY KEY,
    day          date NOT NULL REFERENCES replays ON DELETE CASCADE,
    arrival_hour timestamptz NOT NULL,
    objects      integer NOT NULL,
    bytes        bigint NOT NULL,
    lines        bigint NOT NULL
);

CREATE TABLE replay_objects (
    key      text PRIMARY KEY,
    batch_id uuid NOT NULL REFERENCES replay_batches ON DELETE CASCADE,
    position integer NOT NULL,
    bytes    bigint NOT NULL,
    is_lost  boolean NOT NULL
);
CREATE INDEX replay_objects_batch ON replay_objects (batch_id);
