-- What people saved. A short id is the same in every project that the thing was copied to, and never changes.
-- A deleted thing is kept, so that it can be had back.
CREATE TABLE insights (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id          bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    short_id         text NOT NULL CHECK (short_id ~ '^[A-Za-z][A-Za-z0-9_-]{0,39}$'),
    name             text NOT NULL DEFAULT '',
    derived_name     text NOT NULL DEFAULT '',
    description      text NOT NULL DEFAULT '',
    query            jsonb NOT NULL CHECK (jsonb_typeof(query) = 'object'),
    favorited        boolean NOT NULL DEFAULT false,
    saved            boolean NOT NULL DEFAULT true,
    tags             text[] NOT NULL DEFAULT '{}',
    deleted          boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL,
    created_by       bigint REFERENCES users ON DELETE SET NULL,
    last_modified_at timestamptz NOT NULL,
    last_modified_by bigint REFERENCES users ON DELETE SET NULL,
    last_viewed_at   timestamptz,
    UNIQUE (team_id, short_id)
);

CREATE TABLE dashboards (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    team_id          bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    short_id         text NOT NULL CHECK (short_id ~ '^[A-Za-z][A-Za-z0-9_-]{0,39}$'),
    name             text NOT NULL DEFAULT '',
    description      text NOT NULL DEFAULT '',
    pinned           boolean NOT NULL DEFAULT false,
    -- date_from, date_to, properties: they hold for every tile
    filters          jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(filters) = 'object'),
    tags             text[] NOT NULL DEFAULT '{}',
    deleted          boolean NOT NULL DEFAULT false,
    created_at       timestamptz NOT NULL,
    created_by       bigint REFERENCES users ON DELETE SET NULL,
    last_modified_at timestamptz NOT NULL,
    last_viewed_at   timestamptz,
    UNIQUE (team_id, short_id)
);

-- A tile shows an insight or a text.
CREATE TABLE dashboard_tiles (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    dashboard_id bigint NOT NULL REFERENCES dashboards ON DELETE CASCADE,
    insight_id   bigint REFERENCES insights ON DELETE CASCADE,
    body         text,
    layouts      jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(layouts) = 'object'),
    color        text,
    UNIQUE (dashboard_id, insight_id),
    CHECK ((insight_id IS NULL) <> (body IS NULL))
);
CREATE INDEX dashboard_tiles_insight ON dashboard_tiles (insight_id);

-- The last answer to each question that an insight stands for: its own, and those with the filters of its dashboards.
-- `question` is a hash of the question and of what in the project decides its answer.
CREATE TABLE insight_results (
    insight_id    bigint NOT NULL REFERENCES insights ON DELETE CASCADE,
    question      text NOT NULL,
    -- as it was last answered; an attempt that failed leaves it as it is
    answer        json,
    computed_at   timestamptz,
    data_version  bigint NOT NULL DEFAULT 0,
    rows_read     bigint,
    bytes_read    bigint,
    milliseconds  integer,
    -- of the last attempt, if it failed
    error         json,
    attempted_at  timestamptz,
    -- someone is at it, until then at the latest
    claimed_until timestamptz,
    PRIMARY KEY (insight_id, question)
);
