-- Projects of which an event changed or went after its groups and names were recorded: both are gathered anew. `touch`
-- is a new number each time, so that what comes while they are gathered is not forgotten.
CREATE TABLE outdated_names (
    team_id bigint PRIMARY KEY,
    touch   bigint NOT NULL GENERATED ALWAYS AS IDENTITY
);
