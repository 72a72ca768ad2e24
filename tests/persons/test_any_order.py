"""Persons are a function of the set of events: any order, any batches, any repetition gives the same tables."""

import os
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from naive_persons import edge_of, naive_persons
from person_tables import NOON, Sent, Tables

from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.persons.squash import Squash
from analytics_pipelines.persons.undo import remerge, unmerge
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "6"))
IDS = st.sampled_from(["a", "b", "c", "d", "e", "null"])
KEYS = st.sampled_from(["plan", "email", "$os", "$initial_os", "n"])
VALUES = st.sampled_from(["x", "y", 1, None, {"deep": [1, "\u00e9"]}])
WORDS = st.dictionaries(KEYS, VALUES, max_size=2)
COPIES = st.dictionaries(st.sampled_from(["$os", "$os_name", "$browser", "utm_source", "_kx"]), VALUES, max_size=2)


@st.composite
def events(draw: st.DrawFn) -> Sent:
    """Few moments, ids and keys, so that they meet."""
    kind = draw(
        st.sampled_from(["page", "page", "page", "$identify", "$create_alias", "$merge_dangerously", "$exception"])
    )
    properties = dict(draw(COPIES))
    if draw(st.booleans()):
        properties["$set"] = draw(WORDS)
    if draw(st.booleans()):
        properties["$set_once"] = draw(WORDS)
    if draw(st.integers(0, 3)) == 0:
        properties["$unset"] = draw(st.lists(KEYS, max_size=2))
    if kind.startswith("$") and kind != "$exception":
        properties["$anon_distinct_id" if kind == "$identify" else "alias"] = draw(IDS)
    has_person = kind.startswith("$") or draw(st.booleans())
    return Sent(
        event=kind,
        distinct_id=draw(IDS),
        at=draw(st.integers(0, 6)),
        properties=properties,
        team_id=draw(st.sampled_from([1, 1, 1, 2])),
        uuid=draw(st.uuids(version=4)),
        has_person=has_person,
    )


STORED = (
    *("distinct_id_usage", "person_words", "person_members", "squashed_ids", "squash_snapshot"),
    *("persons", "person_distinct_ids", "person_overrides", "persons_published", "ingestion_warnings", "events"),
)


def empty(tables: Tables) -> None:
    for table in STORED:
        tables.clickhouse.command(f"TRUNCATE TABLE {table}")
    tables.postgres.execute("TRUNCATE merge_log, merge_denials, distinct_ids, person_moves, dirty_days")


@pytest.fixture
def own_tables(clickhouse: ClickHouse, postgres: Postgres) -> Tables:
    return Tables(clickhouse, postgres)


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), sent=st.lists(events(), min_size=1, max_size=14, unique_by=lambda each: each.uuid))
def test_any_order_any_batches_and_any_repetition_give_the_persons_of_the_naive_way(
    own_tables: Tables, data: st.DataObject, sent: list[Sent]
) -> None:
    empty(own_tables)
    shuffled = data.draw(st.permutations(sent))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(sent)), max_size=3)))
    batches = [shuffled[start:end] for start, end in zip([0, *cuts], [*cuts, len(sent)], strict=True)]
    numbered = [(UUID(int=number), batch) for number, batch in enumerate(batches, 1)]
    for number, batch in [*numbered, *data.draw(st.lists(st.sampled_from(numbered), max_size=2))]:
        own_tables.take(batch, number)
    expected = naive_persons(sent)
    assert own_tables.persons() == expected.persons
    assert own_tables.ids() == expected.ids
    assert own_tables.overrides() == expected.overrides


def squash(tables: Tables, steps: int) -> None:
    """A squash, or only its first steps."""
    job = Squash(tables.postgres, tables.clickhouse, lambda: NOON)
    for step in (job.snapshot, job.rewrite, job.fold)[:steps]:
        step()


@settings(
    max_examples=max(EXAMPLES // 2, 1),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), sent=st.lists(events(), min_size=4, max_size=14, unique_by=lambda each: each.uuid))
def test_undos_and_squashes_between_batches_leave_each_event_with_its_person(
    own_tables: Tables, data: st.DataObject, sent: list[Sent]
) -> None:
    empty(own_tables)
    denied: set[UUID] = set()
    taken: list[Sent] = []
    for number, batch in enumerate(sent[start : start + 4] for start in range(0, len(sent), 4)):
        own_tables.take(batch, UUID(int=number + 1))
        taken += batch
        for _ in range(data.draw(st.integers(0, 2))):
            edges = [each for each in taken if edge_of(each) and each.team_id == 1]
            if edges and data.draw(st.booleans()):
                edge = data.draw(st.sampled_from(edges)).uuid
                if edge in denied:
                    remerge(own_tables.postgres, own_tables.clickhouse, 1, [edge], now=NOON)
                else:
                    unmerge(own_tables.postgres, own_tables.clickhouse, 1, [edge], by="ada", now=NOON)
                denied ^= {edge}
            else:
                squash(own_tables, data.draw(st.sampled_from([1, 2, 3, 3])))
        expected = naive_persons(taken, frozenset(denied))
        assert own_tables.persons() == expected.persons
        assert own_tables.ids() == expected.ids
        for event in taken:
            at_read = own_tables.resolved(event.distinct_id, event.team_id)
            own = person_id(event.team_id, event.distinct_id)
            assert at_read == expected.overrides.get((event.team_id, event.distinct_id), own)
    squash(own_tables, 3)
    squash(own_tables, 3)
    assert own_tables.overrides() == {}


def test_moments_of_the_naive_way_are_those_of_the_events() -> None:
    one = Sent("page", "a", 5)
    assert naive_persons([one]).persons.popitem()[1][0] == one.timestamp
    assert one.received_at - one.timestamp == timedelta(hours=1)
