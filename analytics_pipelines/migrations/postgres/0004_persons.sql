-- Each change of the person store has the next number; who publishes them asks for those after the last it published.
CREATE SEQUENCE person_versions;

-- Who said when that two distinct ids are one person: one row an event, never changed but for what came of it.
CREATE TABLE merge_log (
    team_id     bigint NOT NULL,
    uuid        uuid NOT NULL,
    timestamp   timestamptz NOT NULL,
    event       text NOT NULL CHECK (event IN ('$identify', '$create_alias', '$merge_dangerously')),
    target      text NOT NULL, -- the event's distinct id
    other       text NOT NULL, -- what is merged into it
    received_at timestamptz NOT NULL,
    is_illegal  boolean NOT NULL DEFAULT false, -- names an id that nobody may be merged with
    refused     text, -- why, when this was last found
    batch_id    uuid,
    version     bigint NOT NULL,
    PRIMARY KEY (team_id, uuid)
);
CREATE INDEX merge_log_pair ON merge_log (team_id, target, other);
CREATE INDEX merge_log_other ON merge_log (team_id, other);
CREATE INDEX merge_log_refused ON merge_log (version) WHERE refused IS NOT NULL;

-- Edges that people took back.
CREATE TABLE merge_denials (
    team_id   bigint NOT NULL,
    uuid      uuid NOT NULL,
    denied_by text NOT NULL,
    denied_at timestamptz NOT NULL,
    PRIMARY KEY (team_id, uuid)
);

-- The person store: one row a distinct id that was sent with a person or is in a merge. A person is all rows with its id.
CREATE TABLE distinct_ids (
    team_id              bigint NOT NULL,
    distinct_id          text NOT NULL,
    person_id            uuid NOT NULL,
    own_person_id        uuid NOT NULL, -- what events of this id carry before any squash
    version              bigint NOT NULL,
    component            text, -- one id stands for all those that edges connect; null: in no edge
    is_moved             boolean NOT NULL DEFAULT false, -- person_id was another than own_person_id at some time
    is_personful         boolean NOT NULL, -- sent with a person, after deleted_at
    is_merged            boolean NOT NULL DEFAULT false, -- an edge that was not refused gives it a person
    is_identified        boolean NOT NULL DEFAULT false, -- its person is
    created_at           timestamptz,
    first_with_person    timestamptz,
    first_without_person timestamptz,
    deleted_at           timestamptz,
    is_erasing           boolean NOT NULL DEFAULT false, -- deleted, but not yet in ClickHouse
    PRIMARY KEY (team_id, distinct_id)
);
CREATE INDEX distinct_ids_person ON distinct_ids (team_id, person_id);
CREATE INDEX distinct_ids_component ON distinct_ids (team_id, component) WHERE component IS NOT NULL;
CREATE INDEX distinct_ids_version ON distinct_ids (version);

-- Ids that changed persons and are not published yet: the person they left may be no more, and the days of their
-- events are counted anew.
CREATE TABLE person_moves (
    team_id        bigint NOT NULL,
    distinct_id    text NOT NULL,
    from_person_id uuid NOT NULL,
    version        bigint NOT NULL,
    PRIMARY KEY (version, team_id, distinct_id)
);

-- Ids whose stored events were replaced or removed: what is said of them is made anew with the next batch.
CREATE TABLE ids_to_rebuild (
    team_id     bigint NOT NULL,
    distinct_id text NOT NULL,
    PRIMARY KEY (team_id, distinct_id)
);
