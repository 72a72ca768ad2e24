"""From raw lines to groups, the catalog and warnings, through the whole load."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from analytics_pipelines import faults
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.groups.types import GroupTypes
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
GROUPS = "SELECT index, type, key, properties, created_at FROM groups ORDER BY index, key"
NAMES = "SELECT kind, group_type_index, name, type, volume FROM property_catalog ORDER BY ALL"
WARNINGS = "SELECT type, uuid, event, distinct_id FROM ingestion_warnings FINAL ORDER BY type"


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(store, postgres, clickhouse, batch_objects=1, batch_bytes=10_000_000, now=lambda: NOW)


def line(event: str, properties: dict[str, Any], uuid: UUID | None = None, **more: Any) -> dict[str, Any]:
    return {
        "received_at": int(NOW.timestamp() * 1000),
        "sent_at": None,
        "project": 1,
        "uuid": str(uuid or uuid4()),
        "event": {"event": event, "distinct_id": "ada", "properties": properties, **more},
    }


def put(store: ObjectStore, *lines: dict[str, Any], seconds: int = 0) -> None:
    payload = zstd.compress("".join(json.dumps(each) + "\n" for each in lines).encode())
    store.put(raw_key(NOW + timedelta(seconds=seconds), "node", payload), payload)


def fill(store: ObjectStore) -> UUID:
    """Two objects, which are two batches; the uuid of an event whose time can't be read."""
    odd = uuid4()
    acme = {"$group_type": "company", "$group_key": "acme"}
    put(
        store,
        line("page", {"$groups": {"company": "acme", "team": 7}, "price": 5}, timestamp="2026-11-20T00:00:00Z"),
        line("$groupidentify", {**acme, "$group_set": {"plan": "new"}}, timestamp="2026-11-22T00:00:00Z"),
        line("page", {"$groups": {"company": "none"}, "$process_person_profile": False}),
    )
    put(
        store,
        line("$groupidentify", {**acme, "$group_set": {"plan": "old", "seats": 3}}, timestamp="2026-11-21T00:00:00Z"),
        line("page", {"price": 6.5, "$set": {"email": "a@example.com"}}, odd, timestamp="yesterday-ish"),
        seconds=1,
    )
    return odd


def test_groups_names_and_warnings_come_out_of_raw_lines(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse
) -> None:
    odd = fill(store)
    drain.everything()
    company, team = clickhouse.query(GROUPS).rows
    assert company[:3] == (0, "company", "acme")
    assert json.loads(company[3]) == {"plan": "new", "seats": 3}
    assert company[4] == datetime(2026, 11, 20, tzinfo=UTC)
    assert team[:4] == (1, "team", "7", "{}")
    names = clickhouse.query(NAMES).rows
    assert ("event", -1, "price", "Numeric", 2) in names
    assert ("person", -1, "email", "String", 1) in names
    assert [name for name in names if name[0] == "group"] == [
        ("group", 0, "plan", "String", 2),
        ("group", 0, "seats", "Numeric", 1),
    ]
    assert clickhouse.query(WARNINGS).rows == [("ignored_invalid_timestamp", odd, "page", "ada")]


@pytest.mark.parametrize("point", ["groups.after_types", "groups.after_record", "catalog.after_record"])
def test_a_load_broken_off_in_between_ends_the_same(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    fill(store)
    monkeypatch.setattr(faults, "_plan", {point: ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with pytest.raises(faults.InjectedFault):
        drain.everything()
    drain.everything()
    assert [row[:3] for row in clickhouse.query(GROUPS).rows] == [(0, "company", "acme"), (1, "team", "7")]
    assert ("event", -1, "price", "Numeric", 2) in clickhouse.query(NAMES).rows
    assert len(clickhouse.query(WARNINGS).rows) == 1


def test_new_tables_are_filled_with_the_same(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    fill(store)
    drain.everything()
    before = [clickhouse.query(sql).rows for sql in (GROUPS, NAMES, WARNINGS)]
    clickhouse.command(f"DROP DATABASE {clickhouse.database} SYNC")
    migrate(postgres, clickhouse, None)
    drain.everything()
    assert [clickhouse.query(sql).rows for sql in (GROUPS, NAMES, WARNINGS)] == before
    assert [each.name for each in GroupTypes(postgres).of([1])] == ["company", "team"]
