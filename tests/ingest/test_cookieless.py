"""Visitors whose browsers store nothing: known for a day, and never by name."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.ingest.cookieless_secret import cookieless_secret
from analytics_pipelines.ingest.drain import Drain
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres
from tests.raw_lines import put

pytestmark = pytest.mark.engines

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, run_id="run", now=lambda: NOW)


def line(
    name: str = "$pageview",
    *,
    at: datetime = NOW,
    ip: str = "203.0.113.7",
    project: int = 1,
    distinct_id: str = "$posthog_cookieless",
    **properties: Any,
) -> dict[str, Any]:
    said = {
        "distinct_id": distinct_id,
        "$cookieless_mode": True,
        "$device_id": None,
        "$raw_user_agent": CHROME,
        "$host": "shop.example.com",
        "$process_person_profile": False,
    }
    return {
        "received_at": int(NOW.timestamp() * 1000),
        "project": project,
        "ip": ip,
        "user_agent": CHROME,
        "uuid": str(uuid4()),
        "event": {"event": name, "timestamp": at.isoformat(), "properties": said | properties},
    }


def visitor(drain: Drain, store: ObjectStore, clickhouse: ClickHouse, sent: dict[str, Any]) -> tuple[str, str]:
    put(store, sent, received=NOW)
    drain.everything()
    return clickhouse.query(
        "SELECT distinct_id, `$session_id` FROM events WHERE uuid = {uuid:UUID}", {"uuid": sent["uuid"]}
    ).one()  # type: ignore[return-value]


def test_a_visitor_is_known_for_a_day(drain: Drain, store: ObjectStore, clickhouse: ClickHouse) -> None:
    first = visitor(drain, store, clickhouse, line())
    assert (
        visitor(drain, store, clickhouse, line(at=NOW - timedelta(hours=10), **{"$host": "www.example.com"})) == first
    )
    others = [
        visitor(drain, store, clickhouse, sent)
        for sent in (
            line(at=NOW - timedelta(days=1)),
            line(ip="203.0.113.8"),
            line(project=2),
            line(**{"$host": "example.org"}),
            line(**{"$raw_user_agent": "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0"}),
        )
    ]
    assert len({first, *others}) == 6
    assert first[0].startswith("cookieless_")


def test_a_session_is_a_uuid_that_begins_with_its_day(drain: Drain, store: ObjectStore, clickhouse: ClickHouse) -> None:
    session = UUID(visitor(drain, store, clickhouse, line())[1])
    assert session.version == 7
    assert datetime.fromtimestamp((session.int >> 80) / 1000, UTC) == datetime(2026, 11, 24, tzinfo=UTC)


def test_neither_address_nor_browser_is_stored(drain: Drain, store: ObjectStore, clickhouse: ClickHouse) -> None:
    put(store, line(**{"$ip": "203.0.113.99", "plan": "pro"}), received=NOW)
    drain.everything()
    (row,) = clickhouse.query("SELECT * EXCEPT (batch_id, uuid, person_id), person_id FROM events").rows
    assert not any("203.0.113" in str(value) or "AppleWebKit" in str(value) for value in row)
    found = clickhouse.query(
        "SELECT `$browser`, JSONExtractString(properties, 'plan'), distinct_id, person_id FROM events"
    )
    browser, plan, distinct_id, person = found.one()
    assert (browser, plan, person) == ("Chrome", "pro", person_id(1, distinct_id))


@pytest.mark.parametrize("name", ["$identify", "$create_alias", "$merge_dangerously"])
def test_such_a_visitor_is_merged_with_nobody(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse, name: str
) -> None:
    named = {"$anon_distinct_id": "$posthog_cookieless", "alias": "ada", "$process_person_profile": True}
    put(store, line(), line(name, distinct_id="ada", **named), line(name, **named), received=NOW)
    drain.everything()
    having = "SELECT count(), countIf(has_person) FROM events WHERE event = {name:String}"
    assert clickhouse.query(having, {"name": name}).one() == (2, 0)
    warned = clickhouse.query("SELECT count(), any(type) FROM ingestion_warnings").one()
    assert warned == (2, "cookieless_event_cannot_merge")
    assert postgres.row("SELECT count(*)::int AS edges FROM merge_log") == {"edges": 0}


def test_the_same_secret_is_used_again_and_another_installation_has_another(
    drain: Drain, store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse
) -> None:
    first = visitor(drain, store, clickhouse, line())
    assert cookieless_secret(postgres) == cookieless_secret(postgres)
    with postgres.transaction() as connection:
        connection.execute("DELETE FROM installation_secrets")
    assert visitor(drain, store, clickhouse, line()) != first
