CREATE TABLE organizations (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name       text NOT NULL CHECK (name <> ''),
    created_at timestamptz NOT NULL
);

CREATE TABLE users (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email      text NOT NULL,
    name       text NOT NULL DEFAULT '',
    is_active  boolean NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (lower(email));

CREATE TABLE memberships (
    organization_id bigint NOT NULL REFERENCES organizations ON DELETE CASCADE,
    user_id         bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    role            text NOT NULL CHECK (role IN ('admin', 'editor', 'viewer')),
    PRIMARY KEY (organization_id, user_id)
);

-- A project is what the SDKs' world calls a team; its id is `team_id` in every ClickHouse table.
CREATE TABLE projects (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    organization_id bigint NOT NULL REFERENCES organizations ON DELETE CASCADE,
    name            text NOT NULL CHECK (name <> ''),
    api_token       text NOT NULL UNIQUE,
    timezone        text NOT NULL DEFAULT 'UTC',
    week_start_day  smallint NOT NULL DEFAULT 0 CHECK (week_start_day IN (0, 1)),
    is_demo         boolean NOT NULL DEFAULT false,
    created_at      timestamptz NOT NULL
);

-- Secrets of people and machines are kept as hashes; `mask` is what lists may show.
CREATE TABLE api_keys (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    project_id   bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    label        text NOT NULL DEFAULT '',
    secret_hash  bytea NOT NULL UNIQUE,
    mask         text NOT NULL,
    scopes       text[] NOT NULL,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz
);

CREATE TABLE login_links (
    secret_hash bytea PRIMARY KEY,
    user_id     bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at  timestamptz NOT NULL
);

CREATE TABLE browser_sessions (
    secret_hash  bytea PRIMARY KEY,
    user_id      bigint NOT NULL REFERENCES users ON DELETE CASCADE,
    created_at   timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL
);
CREATE INDEX browser_sessions_user ON browser_sessions (user_id);
