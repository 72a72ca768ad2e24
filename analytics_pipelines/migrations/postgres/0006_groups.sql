-- Kinds of groups, numbered as a project first sends them; a number is never given away. Without a reference to the
-- project: what is in the bucket may be loaded after its project was deleted.
CREATE TABLE group_types (
    team_id bigint NOT NULL,
    index   smallint NOT NULL CHECK (index BETWEEN 0 AND 4),
    name    text NOT NULL CHECK (name <> ''),
    PRIMARY KEY (team_id, index),
    UNIQUE (team_id, name)
);

-- What people say the type of a property is, where it is not what its values look like.
CREATE TABLE property_types (
    team_id          bigint NOT NULL REFERENCES projects ON DELETE CASCADE,
    kind             text NOT NULL CHECK (kind IN ('event', 'person', 'group')),
    group_type_index smallint NOT NULL CHECK (group_type_index BETWEEN -1 AND 4),
    name             text NOT NULL,
    property_type    text NOT NULL CHECK (property_type IN ('String', 'Numeric', 'Boolean', 'DateTime')),
    updated_at       timestamptz NOT NULL,
    CHECK ((kind = 'group') = (group_type_index >= 0)),
    PRIMARY KEY (team_id, kind, group_type_index, name)
);
