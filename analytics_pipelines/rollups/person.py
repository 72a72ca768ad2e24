"""Who an event is of: the person that the stored one has become since, or else the stored one."""

# As questions find it (`sql/schema.py`): by what the events carry.
_OVERRIDES = "SELECT team_id, stored_person_id, person_id AS current FROM person_overrides FINAL WHERE is_deleted = 0"

# The person in what `with_person` gives.
PERSON = "if(empty(override.current), e.person_id, override.current)"


def with_person(table: str) -> str:
    """What to write after FROM: a table, or a subquery, with the columns team_id and person_id, as `e`.

    Overrides are few, as the squash folds them into the events; they are the side that is held in memory.
    """
    return (
        f"{table} AS e GLOBAL ANY LEFT JOIN ({_OVERRIDES}) AS override"
        " ON e.team_id = override.team_id AND e.person_id = override.stored_person_id"
    )
