"""The id of a person that only one distinct id is known of. Its twin in SQL is `ingest/sql/stage.sql`."""

from uuid import UUID, uuid5

# The namespace that PostHog uses, so that ids are the same after a move.
_NAMESPACE = UUID("932979b4-65c3-4424-8467-0b66ec27bc22")


def person_id(team_id: int, distinct_id: str) -> UUID:
    """
    >>> str(person_id(1, "user-1"))
    '6931a681-6e90-500d-8294-14582dcc2e3f'
    """
    return uuid5(_NAMESPACE, f"{team_id}:{distinct_id}")
