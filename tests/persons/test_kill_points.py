"""A batch that is broken off anywhere and taken again leaves what it leaves when nothing happens."""

from uuid import UUID

import pytest
from naive_persons import naive_persons
from person_tables import Sent, Tables

from analytics_pipelines import faults
from analytics_pipelines.faults import InjectedFault

pytestmark = pytest.mark.engines

POINTS = (
    *("after_reduce", "after_usage", "after_words", "before_commit", "after_commit"),
    *("after_publish_members", "after_publish_ids", "after_publish_deletions", "after_publish_warnings"),
    *("after_persons", "after_overrides", "before_published", "after_published"),
)

FIRST = [Sent("page", "a", -10, {"$set": {"n": 1}}), Sent("page", "b", -5, {"$set": {"m": 1}}, uuid=UUID(int=7))]
SECOND = [
    Sent("$identify", "b", 0, {"$anon_distinct_id": "a", "$set": {"n": 2}}),
    Sent("page", "c", 1, {"$set": {"k": 3}}),
    Sent("page", "a", -20, has_person=False),
    Sent("$create_alias", "c", 2, {"alias": "null"}),
]


# Each point once, at the first batch or at the second: tests/pipeline kills at all of them.
@pytest.mark.parametrize(("point", "passes"), [(point, 1 + place % 2) for place, point in enumerate(POINTS)])
def test_a_batch_that_is_broken_off_is_taken_again(
    tables: Tables, monkeypatch: pytest.MonkeyPatch, point: str, passes: int
) -> None:
    tables.take(FIRST, UUID(int=1))
    monkeypatch.setattr(faults, "_plan", {f"persons.{point}": ("raise", passes)})
    monkeypatch.setattr(faults, "_passes", {})
    broken = False
    for _ in range(2):
        try:
            tables.take(SECOND, UUID(int=2))
        except InjectedFault:
            broken = True
    assert broken or passes == 2
    monkeypatch.setattr(faults, "_plan", {})
    tables.take(SECOND, UUID(int=2))
    expected = naive_persons([*FIRST, *SECOND])
    assert tables.persons() == expected.persons
    assert tables.ids() == expected.ids
    assert tables.overrides() == expected.overrides
    assert tables.warnings() == [("cannot_merge_with_illegal_distinct_id", "c")]
    assert [row["n"] for row in tables.postgres.rows("SELECT count(*) AS n FROM dirty_days")] == [1]


def test_new_tables_in_clickhouse_are_filled_from_the_person_store_and_the_events(tables: Tables) -> None:
    tables.take(FIRST, UUID(int=1))
    tables.take(SECOND, UUID(int=2))
    before = (tables.persons(), tables.ids(), tables.overrides())
    for table in (
        *("events", "distinct_id_usage", "persons", "person_distinct_ids", "person_members", "person_words"),
        *("person_overrides", "persons_published"),
    ):
        tables.clickhouse.command(f"TRUNCATE TABLE {table}")
    tables.take(SECOND, UUID(int=2))
    tables.take(FIRST, UUID(int=1))
    assert (tables.persons(), tables.ids(), tables.overrides()) == before


def test_a_postgres_that_was_restored_from_before_catches_up(tables: Tables) -> None:
    tables.take(FIRST, UUID(int=1))
    tables.take(SECOND, UUID(int=2))
    before = (tables.persons(), tables.ids(), tables.overrides())
    tables.postgres.execute("TRUNCATE distinct_ids, merge_log, person_moves")
    tables.postgres.execute("SELECT setval('person_versions', 1, false)")
    tables.take(FIRST, UUID(int=1))
    tables.take(SECOND, UUID(int=2))
    assert (tables.persons(), tables.ids(), tables.overrides()) == before
