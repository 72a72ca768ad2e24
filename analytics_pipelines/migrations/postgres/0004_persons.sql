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
CREATE INDEX merge_log_target ON merge_log (team_id, target);
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

-- The person store: one row a distinct id that was sent with a person or is in a merge. What was said of a person is
-- kept by the id that it was said of, each value with the stamp of its event (time, then uuid, as text that sorts), so
-- that merges are undone without loss. A person is all rows with its id.
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
    set_values           jsonb NOT NULL DEFAULT '{}', -- $set: the last of each property
    set_stamps           jsonb NOT NULL DEFAULT '{}',
    set_newest           text COLLATE "C" NOT NULL DEFAULT '',
    once_values          jsonb NOT NULL DEFAULT '{}', -- $set_once: the first of each
    once_stamps          jsonb NOT NULL DEFAULT '{}',
    once_newest          text COLLATE "C" NOT NULL DEFAULT '',
    again_values         jsonb NOT NULL DEFAULT '{}', -- $set_once: the last of each that was said outright
    again_stamps         jsonb NOT NULL DEFAULT '{}',
    unset_stamps         jsonb NOT NULL DEFAULT '{}', -- $unset: the last of each
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

-- Which keys of `sent` must not go over `stored`, because what stands there is as new (or, for $set_once, as old).
CREATE FUNCTION person_losers(stored jsonb, sent jsonb, is_first boolean) RETURNS text[] LANGUAGE sql IMMUTABLE AS
$$
    SELECT coalesce(array_agg(key), '{}')
    FROM jsonb_each_text(sent) AS each (key, stamp)
    WHERE stored ? key
      AND CASE WHEN is_first THEN stored ->> key COLLATE "C" <= stamp ELSE stored ->> key COLLATE "C" >= stamp END
$$;

-- The properties of a person of many ids, or of one with something unset: for each property the last $set, else the
-- first $set_once, else the last outright one, where each counts only if it is newer than the last $unset.
CREATE FUNCTION person_properties(team bigint, person uuid) RETURNS jsonb LANGUAGE sql STABLE AS
$$
    WITH ids AS (SELECT * FROM distinct_ids WHERE team_id = team AND person_id = person),
    said AS (
        SELECT 1 AS rank, key, value, set_stamps ->> key COLLATE "C" AS stamp FROM ids, jsonb_each(set_values)
        UNION ALL
        SELECT 2, key, value, once_stamps ->> key COLLATE "C" FROM ids, jsonb_each(once_values)
        UNION ALL
        SELECT 3, key, value, again_stamps ->> key COLLATE "C" FROM ids, jsonb_each(again_values)
    ),
    best AS (
        SELECT DISTINCT ON (rank, key) rank, key, value, stamp
        FROM said
        ORDER BY rank, key, CASE WHEN rank = 2 THEN stamp END, stamp DESC
    ),
    unset AS (
        SELECT key, max(stamp COLLATE "C") AS stamp FROM ids, jsonb_each_text(unset_stamps) AS each (key, stamp)
        GROUP BY key
    ),
    standing AS (
        SELECT DISTINCT ON (key) key, value
        FROM best LEFT JOIN unset USING (key)
        WHERE unset.stamp IS NULL OR best.stamp > unset.stamp
        ORDER BY key, rank
    )
    SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM standing
$$;
