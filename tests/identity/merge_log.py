"""Merge logs for tests: written by hand, or any that Hypothesis thinks of."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import strategies as st

from analytics_pipelines.identity.edge import Edge, MergeEvent
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.identity.resolve import Resolution, Usage, resolve

TEAM = 7


def at(minute: int) -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minute)


def edge(minute: int, target: str, other: str, event: MergeEvent = "$identify", *, uuid: int | None = None) -> Edge:
    """Without a uuid, that of the minute: give one where two edges share a minute."""
    return Edge(UUID(int=minute if uuid is None else uuid), at(minute), event, target, other)


def with_person(minute: int) -> Usage:
    return Usage(first_with_person=at(minute))


def personless(minute: int) -> Usage:
    return Usage(first_without_person=at(minute))


def resolved(*edges: Edge, usage: dict[str, Usage] | None = None, denied: frozenset[UUID] = frozenset()) -> Resolution:
    return resolve(TEAM, edges, usage or {}, denied=denied)


def named_after(distinct_id: str) -> UUID:
    return person_id(TEAM, distinct_id)


# Few ids and few moments, so that edges meet, and edges and usage often share a moment
IDS = ("ada", "bob", "cyd", "laptop", "phone", "tablet", "guest")
_minutes = st.integers(0, 9)
_moments = st.none() | _minutes.map(at)

edges = st.lists(
    st.builds(
        edge,
        _minutes,
        target=st.sampled_from(IDS),
        other=st.sampled_from(IDS),
        event=st.sampled_from(["$identify", "$create_alias", "$merge_dangerously"]),
        uuid=st.integers(0, 999),
    ),
    max_size=14,
    unique_by=lambda each: each.uuid,
)
usages = st.dictionaries(st.sampled_from(IDS), st.builds(Usage, _moments, _moments))
