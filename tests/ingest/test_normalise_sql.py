"""The SQL that loads events and its twin in Python say the same of any line."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings

from analytics_pipelines.events import zstd
from analytics_pipelines.events.cookieless import hmac_pads
from analytics_pipelines.events.envelope import Arrival, to_lines
from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from analytics_pipelines.events.line import mended
from analytics_pipelines.events.members import value_of
from analytics_pipelines.events.normalise import Event, normalise
from analytics_pipelines.events.parse import parse
from analytics_pipelines.events.payload import payload
from analytics_pipelines.ingest.staging import LENIENT
from analytics_pipelines.ingest.statements import statement
from resources.clickhouse import ClickHouse, ClickHouseRefused
from tests.conftest import Engines
from tests.ingest.any_event import lines
from tests.sdks.corpus import RECORDINGS, Recording

pytestmark = pytest.mark.engines

EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "40"))
ENVELOPE = b'{"received_at":1795516200000,"project":1,"uuid":"0190a1b2-0000-7000-8000-000000000001","event":%s}'
SECRET = b"a secret of the installation"
ARRIVED = datetime(2026, 11, 24, 10, tzinfo=UTC)
_COLUMNS = (
    "team_id, uuid, event, distinct_id, person_id, timestamp, properties, elements_chain, has_person, is_bot, ip,"
    " located_by, groups"
)


@pytest.fixture(scope="module")
def clickhouse(engines: Engines) -> Iterator[ClickHouse]:
    """A database without tables: a line's row depends on none."""
    client = ClickHouse(engines.clickhouse_url("test_normalise"))
    client.create_database()
    yield client
    client.command("DROP DATABASE test_normalise SYNC")


def by_sql(clickhouse: ClickHouse, given_lines: Sequence[bytes]) -> dict[UUID, Event | str]:
    """What staging makes of the lines: by uuid the event, or the rule that it breaks."""
    inner, outer = hmac_pads(SECRET)
    clickhouse.command("DROP TABLE IF EXISTS staged_here")
    clickhouse.command(statement("create_staging", "staged_here"))
    clickhouse.insert_stream(
        statement(
            "stage",
            "staged_here",
            arrival_ms=int(ARRIVED.timestamp() * 1000),
            arrival_day=ARRIVED.date(),
            first_number=0,
        ),
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


@pytest.mark.slow
@settings(
    max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(given_lines=lines(most=40))
def test_any_event_is_normalised_alike(clickhouse: ClickHouse, given_lines: list[bytes]) -> None:
    assert_same(clickhouse, given_lines)


def test_characters_that_json_escapes_are_escaped_alike(clickhouse: ClickHouse) -> None:
    text = "".join(map(chr, (*range(1, 0x30), 0x5C, 0x7F, 0x80, 0x2028, 0x2029)))
    event = {"event": "page", "properties": {"distinct_id": [text], "$browser": {text: text}, "plan": [text]}}
    assert_same(clickhouse, [ENVELOPE % json.dumps(event).encode()])


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_what_sdks_send_is_normalised_alike(clickhouse: ClickHouse, recording: Recording) -> None:
    assert_same(clickhouse, captured(recording))


@pytest.mark.parametrize(
    "text",
    [
        '{"event":"first","event":"page","distinct_id":"ada"}',
        '{"ev\\u0065nt":"page","distinct_id":"ada"}',
        '{"event":"page","distinct_id":"ada","properties":{"a":1e400,"b":"1e400","c":[-1E+999]}}',
        '{"event":"page","distinct_id":"ada","properties":{"plan":"free","plan":"pro","$lib":"web","$lib":"node"}}',
        '{"event":"page","distinct_id":"ada","properties":{"\\u0024set":{"a":1,"b":1}},"$set":{"a":2}}',
        '{"event":"page","distinct_id":"ada","properties":{"n":123456789012345678901234567890}}',
        '{"event":"page","distinct_id":"ada","properties":{"$set":{"a":1}},"$set":"{broken"}',
        '{"event":"page","distinct_id":"ada","properties":"{broken","$set":{"a":2}}',
        '{"event":"page","distinct_id":"ada","properties":"{}}","$set":{"a":2}}',
        '{"event":null,"distinct_id":"ada"}',
        '{"event":"page","distinct_id":"\\u0000"}',
        "null",
    ],
)
def test_a_line_that_json_allows_and_nobody_writes_is_normalised_alike(clickhouse: ClickHouse, text: str) -> None:
    line = ENVELOPE % text.encode()
    expected, found = by_twin([line]), by_sql(clickhouse, [line])
    assert {uuid: isinstance(said, str) or said for uuid, said in found.items()} == {
        uuid: isinstance(said, str) or said for uuid, said in expected.items()
    }


@pytest.mark.parametrize("text", ['"text"', "[1]", '{"event":"page\\ud800","distinct_id":"ada"}', '{"event":"page"'])
def test_a_line_that_clickhouse_refuses_breaks_a_rule(clickhouse: ClickHouse, text: str) -> None:
    line = ENVELOPE % text.encode()
    with pytest.raises(ClickHouseRefused):
        by_sql(clickhouse, [line])
    assert normalise(line, secret=SECRET, arrived=ARRIVED) in {"event_is_not_an_object", "malformed_line"}


def captured(recording: Recording) -> list[bytes]:
    """The lines that capture stores of a request."""
    headers = {name.lower(): value for name, value in recording.headers.items()}
    body = recording.body("phc_token")
    query = recording.target.partition("?")[2]
    if recording.method == "GET":
        query, body = query.format(body.decode()), b""
    packed = payload(body, query.encode(), headers.get("content-encoding", ""), most=1 << 20)
    arrival = Arrival(ARRIVED, "203.0.113.7", headers.get("user-agent", ""), recording.target, 1)
    return to_lines(parse(packed.text, sent_at=packed.sent_at), arrival).splitlines()
