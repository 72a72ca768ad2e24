-- Whom a project tells of its events, and how that goes. `url` of chats is a secret by itself; what is `sealed` opens
-- with the installation's key only. Of two `secrets` the older one is valid until `old_secret_until`.
CREATE TABLE webhook_destinations (
    team_id            bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name               text NOT NULL,
    description        text NOT NULL DEFAULT '',
    preset             text NOT NULL CHECK (preset IN ('generic', 'slack', 'discord', 'teams')),
    url                text NOT NULL,
    method             text NOT NULL DEFAULT 'POST',
    -- a JSON object
    sealed_headers     bytea NOT NULL,
    -- NULL: the preset's
    body               json,
    filters            jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(filters) = 'object'),
    enabled            boolean NOT NULL DEFAULT true,
    deleted            boolean NOT NULL DEFAULT false,
    sealed_secret      bytea NOT NULL,
    sealed_old_secret  bytea,
    old_secret_until   timestamptz,
    created_at         timestamptz NOT NULL DEFAULT now(),
    created_by         bigint REFERENCES users ON DELETE SET NULL,
    updated_at         timestamptz NOT NULL DEFAULT now(),
    -- how far its events are looked for: batches up to `seen`, and of the next one what stands before these two
    enabled_at         timestamptz NOT NULL DEFAULT now(),
    seen               bigint NOT NULL,
    page_received_at   timestamptz,
    page_uuid          uuid,
    -- the last hour whose batches were gone when their turn came, and the batches that looking through it stands for
    redone_hour        timestamptz,
    redone_to          bigint,
    -- how sending goes; `failures` and `parked_in_a_row` count since the last success
    failures           integer NOT NULL DEFAULT 0,
    failing_since      timestamptz,
    parked_in_a_row    integer NOT NULL DEFAULT 0,
    parked_at          timestamptz,
    retry_at           timestamptz,
    sent               bigint NOT NULL DEFAULT 0,
    last_success_at    timestamptz,
    last_failure_at    timestamptz,
    last_error         text
);
CREATE INDEX webhook_destinations_team ON webhook_destinations (team_id);

-- Events that a destination is to be told of, in order of `id`, until they are delivered. `event` is what was known when
-- they were found, as JSON text.
CREATE TABLE webhook_deliveries (
    team_id        bigint NOT NULL,
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    destination_id bigint NOT NULL REFERENCES webhook_destinations ON DELETE CASCADE,
    event_uuid     uuid NOT NULL,
    event_name     text NOT NULL,
    distinct_id    text NOT NULL,
    person_id      uuid NOT NULL,
    event          text NOT NULL,
    state          text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'parked')),
    attempts       integer NOT NULL DEFAULT 0,
    status         integer,
    error          text,
    -- `refused`: the receiver doesn't want it; `gave up`: it failed too often
    parked_why     text CHECK (parked_why IN ('refused', 'gave up')),
    parked_at      timestamptz,
    found_at       timestamptz NOT NULL,
    UNIQUE (destination_id, event_uuid)
);
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (destination_id, state, id);
CREATE INDEX webhook_deliveries_person ON webhook_deliveries (team_id, person_id);
CREATE INDEX webhook_deliveries_distinct_id ON webhook_deliveries (team_id, distinct_id);

-- The last attempts that failed.
CREATE TABLE webhook_failures (
    team_id        bigint NOT NULL,
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    destination_id bigint NOT NULL REFERENCES webhook_destinations ON DELETE CASCADE,
    event_uuid     uuid NOT NULL,
    at             timestamptz NOT NULL,
    status         integer,
    error          text NOT NULL
);
CREATE INDEX webhook_failures_destination ON webhook_failures (destination_id, id);

-- Batches in the order in which their events became visible, as long as a destination has not seen them. `number` follows
-- the order of the commits: the next one is given when the one before it can be seen. A day that is loaded again adds
-- nothing here, for its events were visible before.
CREATE TABLE visible_batches (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    batch_id     uuid NOT NULL,
    arrival_hour timestamptz NOT NULL,
    visible_at   timestamptz NOT NULL DEFAULT now()
);
