"""Where events come from, by their address."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from analytics_pipelines.ingest import geoip
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres
from tests.raw_lines import put

pytestmark = pytest.mark.engines

NOW = datetime(2026, 11, 24, 10, 30, tzinfo=UTC)
COLUMNS = (
    "`$geoip_country_code`, `$geoip_country_name`, `$geoip_city_name`, `$geoip_continent_code`,"
    " `$geoip_subdivision_1_code`, `$geoip_time_zone`"
)
LINZ = {
    "country": {"iso_code": "AT", "names": {"en": "Austria"}},
    "city": {"names": {"en": "Linz"}},
    "continent": {"code": "EU"},
    "subdivisions": [{"iso_code": "4", "names": {"en": "Upper Austria"}}],
    "location": {"time_zone": "Europe/Vienna", "latitude": 48.3},
}
PLACE = ("AT", "Austria", "Linz", "EU", "4", "Europe/Vienna")
NOWHERE = (None,) * 6


def database(path: Path, records: dict[str, Any]) -> Path:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="GeoLite2-City")
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return path


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = database(
        tmp_path / "places.mmdb", {"203.0.113.0/24": LINZ, "2001:db8::/32": {"country": {"iso_code": "DE"}}}
    )
    monkeypatch.setattr(geoip, "settings_of_process", lambda: Settings(geoip_database=path))
    return path


@pytest.fixture
def drain(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse) -> Drain:
    return Drain(store, postgres, clickhouse, batch_objects=100, batch_bytes=10_000_000, run_id="run", now=lambda: NOW)


def send(store: ObjectStore, *events: dict[str, Any]) -> None:
    put(store, *(line(number, **event) for number, event in enumerate(events)), received=NOW)


def line(number: int, ip: str, **properties: Any) -> dict[str, Any]:
    return {
        "received_at": int(NOW.timestamp() * 1000) + number,
        "project": 1,
        "ip": ip,
        "uuid": f"0190a1b2-0000-7000-8000-{number:012x}",
        "event": {"event": "page", "distinct_id": properties.pop("distinct_id", "ada"), "properties": properties},
    }


def stored(clickhouse: ClickHouse, columns: str = COLUMNS) -> list[tuple[Any, ...]]:
    return clickhouse.query(f"SELECT {columns} FROM events ORDER BY received_at").rows


def test_events_get_the_place_of_their_address(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, places: Path
) -> None:
    send(
        store,
        {"ip": "203.0.113.7"},
        {"ip": "203.0.113.7", "$geoip_disable": True},
        {"ip": "10.0.0.1"},
        {"ip": "no address", "$ip": "203.0.113.8"},
        {"ip": "2001:db8::1"},
        {"ip": "203.0.113.9", "$geoip_country_code": "US"},
        {"ip": ""},
    )
    drain.everything()
    assert stored(clickhouse) == [
        PLACE,
        NOWHERE,
        NOWHERE,
        PLACE,
        ("DE", *NOWHERE[1:]),
        ("US", *PLACE[1:]),
        NOWHERE,
    ]


def test_a_visitor_without_a_cookie_has_a_place_and_no_address(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, places: Path
) -> None:
    send(store, {"ip": "203.0.113.7", "distinct_id": "$posthog_cookieless", "$cookieless_mode": True})
    drain.everything()
    assert stored(clickhouse, "`$geoip_city_name`, ip") == [("Linz", "")]


def test_no_table_of_places_stays(drain: Drain, store: ObjectStore, clickhouse: ClickHouse, places: Path) -> None:
    send(store, {"ip": "203.0.113.7"})
    drain.everything()
    tables = "SELECT name FROM system.tables WHERE startsWith(name, 'located_') AND database = currentDatabase()"
    assert clickhouse.query(tables).rows == []


@pytest.mark.parametrize("broken", ["gone", "no database"])
def test_a_database_that_cannot_be_read_stops_nothing(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, places: Path, broken: str
) -> None:
    places.unlink() if broken == "gone" else places.write_bytes(b"no database")
    send(store, {"ip": "203.0.113.7"})
    drain.everything()
    assert stored(clickhouse) == [NOWHERE]


def test_a_newer_database_is_used_at_once(
    drain: Drain, store: ObjectStore, clickhouse: ClickHouse, places: Path
) -> None:
    send(store, {"ip": "203.0.113.7"})
    drain.everything()
    newer = database(places.with_name("newer.mmdb"), {"203.0.113.0/24": {"country": {"iso_code": "CH"}}})
    newer.replace(places)
    put(store, line(1, "203.0.113.7"), received=NOW)
    drain.everything()
    assert [code for code, *_ in stored(clickhouse)] == ["AT", "CH"]
