"""Groups and names follow from the events that are stored, also when some of these changed or went."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from staging import RECEIVED, Event, stage

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.catalog.rebuild import Catalog, Mended, note_projects, noted_projects
from analytics_pipelines.catalog.taker import take_catalog
from analytics_pipelines.groups.taker import take_groups
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

NOW = RECEIVED + timedelta(hours=2)
BATCH = UUID(int=7)


@pytest.fixture
def catalog(postgres: Postgres, clickhouse: ClickHouse) -> Catalog:
    return Catalog(postgres, clickhouse, lambda: NOW)


def load(catalog: Catalog, *events: Event, is_stored: bool = True, batch: UUID = BATCH) -> None:
    """Record what events say; and store them, unless they are of those that went."""
    staged = stage(catalog.clickhouse, events)
    for take in (take_groups, take_catalog):
        take(staged, catalog.clickhouse, catalog.postgres)
    if is_stored:
        catalog.clickhouse.command(
            "INSERT INTO events (team_id, uuid, event, distinct_id, timestamp, properties, received_at, has_person,"
            " groups, arrival_day, batch_id) SELECT team_id, uuid, event, distinct_id, timestamp, properties,"
            f" received_at, has_person, groups, toDate(received_at), toUUID('{batch}') FROM {staged.table}"
        )
    catalog.clickhouse.command(f"DROP TABLE {staged.table}")
    catalog.clickhouse.command(f"DROP TABLE {staged.numbers}")


def says(key: str, said: dict[str, Any], **more: Any) -> Event:
    return Event("$groupidentify", {"$group_type": "company", "$group_key": key, "$group_set": said}, **more)


def groups(catalog: Catalog, team: int = 1) -> dict[str, str]:
    rows = catalog.clickhouse.query("SELECT key, properties FROM groups WHERE team_id = {team:Int64}", {"team": team})
    return dict(rows.rows)


def names(catalog: Catalog, kind: str = "event") -> dict[str, tuple[str, int]]:
    rows = catalog.clickhouse.query(
        "SELECT name, type, volume FROM property_catalog WHERE kind = {kind:String} AND NOT is_other", {"kind": kind}
    ).rows
    return {name: (type_, volume) for name, type_, volume in rows}


def mend(catalog: Catalog, *teams: int) -> Mended:
    note_projects(catalog.postgres, teams)
    return catalog.mend()


def test_what_an_event_said_that_went_is_taken_back(catalog: Catalog) -> None:
    load(catalog, says("acme", {"plan": "free"}), Event(properties={"price": 5}))
    load(
        catalog,
        says("acme", {"plan": "wrong", "seats": 1}, timestamp=RECEIVED + timedelta(minutes=1)),
        says("gone", {}),
        Event("mistaken", properties={"price": 5, "prise": "x"}),
        is_stored=False,
    )
    mended = mend(catalog, 1)
    assert groups(catalog) == {"acme": '{"plan":"free"}'}
    assert names(catalog).keys() == {"price", "$group_type", "$group_key"}
    assert names(catalog)["price"] == ("Numeric", 1)
    assert names(catalog, "group") == {"plan": ("String", 1)}
    assert catalog.clickhouse.query("SELECT name FROM event_catalog ORDER BY name").rows == [
        ("$groupidentify",),
        ("page",),
    ]
    assert mended.projects == 1
    assert noted_projects(catalog.postgres) == {}


def test_what_is_right_is_not_written_again(catalog: Catalog) -> None:
    load(catalog, says("acme", {"plan": "free"}), *(Event(properties={"price": n}) for n in range(700)))
    before = catalog.clickhouse.query("SELECT * FROM property_catalog ORDER BY ALL").rows
    assert mend(catalog, 1) == Mended(projects=1)
    assert catalog.clickhouse.query("SELECT * FROM property_catalog ORDER BY ALL").rows == before


def test_other_projects_keep_theirs(catalog: Catalog) -> None:
    load(catalog, says("acme", {}, team_id=2), is_stored=False)
    load(catalog, says("acme", {}), is_stored=False)
    mend(catalog, 1)
    assert groups(catalog) == {}
    assert groups(catalog, team=2) == {"acme": "{}"}


def test_all_projects_are_made_anew_when_none_was_noted(catalog: Catalog) -> None:
    load(catalog, says("acme", {}))
    load(catalog, says("acme", {}, team_id=2), is_stored=False)
    for table in ("group_facts", "sightings"):
        catalog.clickhouse.command(f"DELETE FROM {table} WHERE team_id = 1")
    assert catalog.rebuild_all().projects == 2
    assert (groups(catalog), groups(catalog, team=2)) == ({"acme": "{}"}, {})
    assert "$group_type" in names(catalog)


def test_what_is_loaded_meanwhile_is_kept(catalog: Catalog) -> None:
    load(catalog, says("acme", {}))

    def meanwhile(done: int, total: int) -> None:
        if done == total:
            load(catalog, says("late", {"plan": "pro"}, received_at=RECEIVED - timedelta(days=1)), batch=UUID(int=8))
            catalog.postgres.execute(
                "INSERT INTO ingest_batches (id, arrival_hour, state, attempts, objects, bytes, claimed_at, loaded_at)"
                " VALUES (%s, %s, 'loaded', 1, 1, 1, %s, %s)",
                [UUID(int=8), (RECEIVED - timedelta(days=1)).replace(minute=0), NOW, NOW],
            )

    catalog.progress = meanwhile
    mend(catalog, 1)
    assert groups(catalog) == {"acme": "{}", "late": '{"plan":"pro"}'}


def test_a_project_that_is_noted_meanwhile_stays_noted(catalog: Catalog) -> None:
    load(catalog, says("acme", {}))
    catalog.progress = lambda *_: note_projects(catalog.postgres, [1])
    mend(catalog, 1)
    assert noted_projects(catalog.postgres).keys() == {1}
    catalog.progress = lambda *_: None
    catalog.mend()
    assert noted_projects(catalog.postgres) == {}


def test_what_events_said_that_are_not_kept_any_more_stays(catalog: Catalog) -> None:
    People(catalog.postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    project = Projects(catalog.postgres).create("Shop")
    catalog.postgres.execute("UPDATE projects SET event_retention_days = 30 WHERE id = %s", [project.id])
    old = says("old", {"plan": "pro"}, timestamp=RECEIVED - timedelta(days=40), team_id=project.id)
    load(catalog, old, says("wrong", {}, team_id=project.id), is_stored=False)
    mend(catalog, project.id)
    assert groups(catalog, project.id) == {"old": '{"plan":"pro"}'}


@pytest.mark.parametrize("parts", [1, 3])
def test_a_day_is_read_in_parts(catalog: Catalog, monkeypatch: pytest.MonkeyPatch, parts: int) -> None:
    monkeypatch.setattr("analytics_pipelines.catalog.rebuild.PART_EVENTS", 100 // parts)
    told: list[tuple[int, int]] = []
    catalog.progress = lambda *numbers: told.append(numbers)
    load(catalog, *(says(f"g{n}", {"n": n}) for n in range(99)))
    load(catalog, says("gone", {}), is_stored=False)
    assert mend(catalog, 1).group_facts == 1
    assert len(groups(catalog)) == 99
    assert (len(told), told[-1]) == (parts + 1, (99, 99))
