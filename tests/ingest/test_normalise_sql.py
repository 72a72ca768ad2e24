"""The SQL that loads events and its twin in Python say the same of any line."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from analytics_pipelines.events import zstd
from analytics_pipelines.events.cookieless import hmac_pads
from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from analytics_pipelines.events.line import mended
from analytics_pipelines.events.members import value_of
from analytics_pipelines.events.normalise import Event, normalise
from analytics_pipelines.ingest.loader import LENIENT
from analytics_pipelines.ingest.statements import statement
from resources.clickhouse import ClickHouse
from tests.ingest.any_event import lines

pytestmark = pytest.mark.engines

SECRET = b"a secret of the installation"
ARRIVED = datetime(2026, 11, 24, 10, tzinfo=UTC)
_COLUMNS = (
    "team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, has_person, is_bot, ip,"
    " groups"
)


def by_sql(clickhouse: ClickHouse, given_lines: Sequence[bytes]) -> dict[UUID, Event | str]:
    """What staging makes of the lines: by uuid the event, or the rule that it breaks."""
    inner, outer = hmac_pads(SECRET)
    clickhouse.command("DROP TABLE IF EXISTS staged_here")
    clickhouse.command(statement("create_staging", "staged_here"))
    clickhouse.insert_stream(
        statement("stage", "staged_here", arrival_ms=int(ARRIVED.timestamp() * 1000), arrival_day=ARRIVED.date()),
        zstd.compress(b"\n".join(map(mended, given_lines))),
        {"inner_pad": inner, "outer_pad": outer},
        encoding="zstd",
        settings=LENIENT,
    )
    hot = ", ".join(f"`{name}`" for name in HOT_PROPERTIES)
    rows = clickhouse.query(f"SELECT reason, {_COLUMNS}, [{hot}], received_at, warnings FROM staged_here").rows
    return {row[2]: row[0] or _event(row[1:]) for row in rows}


def by_twin(given_lines: Sequence[bytes]) -> dict[UUID, Event | str]:
    found = {}
    for line in given_lines:
        said = normalise(line, secret=SECRET, arrived=ARRIVED)
        found[UUID(json.loads(line)["uuid"])] = said if isinstance(said, str) else _comparable(said)
    return found


def _event(row: Sequence[Any]) -> Event:
    *first, hot, received_at, warnings = row
    return _comparable(Event(*first, dict(zip(HOT_PROPERTIES, hot, strict=True)), received_at, warnings))


def _comparable(event: Event) -> Event:
    """Properties that mean the same are the same."""
    hot = {name: _meaning(text) if text and text[0] in "{[" else text for name, text in event.hot.items()}
    return replace(event, properties=_meaning(event.properties), hot=hot)


def _meaning(text: str) -> str:
    try:
        return json.dumps(json.loads(json.dumps(value_of(text)), parse_float=_number), sort_keys=True)
    except ValueError:
        return text


def _number(text: str) -> float:
    return int(float(text)) if float(text).is_integer() else float(text)


def assert_same(clickhouse: ClickHouse, given_lines: Sequence[bytes]) -> None:
    expected, found = by_twin(given_lines), by_sql(clickhouse, given_lines)
    for line in given_lines:
        uuid = UUID(json.loads(line)["uuid"])
        assert found[uuid] == expected[uuid], line.decode()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given_lines=lines(most=40))
def test_any_event_is_normalised_alike(clickhouse: ClickHouse, given_lines: list[bytes]) -> None:
    assert_same(clickhouse, given_lines)
