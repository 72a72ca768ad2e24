"""Who an event is of: the person that its distinct id belongs to now, or else the one stored with the event."""

# Until the engine merges them a distinct id may have several rows; the highest version is in force, or says none is.
_OVERRIDES = (
    "SELECT team_id, distinct_id, argMax(person_id, version) AS person_id"
    " FROM person_overrides GROUP BY team_id, distinct_id HAVING argMax(is_deleted, version) = 0"
)

# The person in what `with_person` gives.
PERSON = "if(empty(override.person_id), e.person_id, override.person_id)"


def with_person(table: str) -> str:
    """What to write after FROM: a table, or a subquery, with the columns team_id, distinct_id and person_id, as `e`.

    Overrides are few, as the squash folds them into the events; they are the side that is held in memory.
    """
    return f"{table} AS e GLOBAL ANY LEFT JOIN ({_OVERRIDES}) AS override USING (team_id, distinct_id)"
