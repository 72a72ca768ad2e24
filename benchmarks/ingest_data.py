"""Raw objects of posthog-js-like events, made by ClickHouse: SQL over numbers() → lines → zstd objects in a bucket."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, reduce
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import unquote, urlencode, urlsplit

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import milliseconds, raw_key
from resources.object_store import ObjectStore

# About the 8 MiB of lines, at the level, that capture writes as one object when much arrives (capture_app/objects.py).
OBJECT_EVENTS = 6000
_LEVEL = 1
# Lines of several objects are asked for at a time: to plan the statement takes as long as to make one object's.
_ASKED = 10 * OBJECT_EVENTS
_AT_ONCE = 2
BEGIN = datetime(2026, 3, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Traffic:
    """Events that arrive evenly, `per_day` of them; the same for the same seed."""

    per_day: int
    seed: int = 1

    def parameters(self, first: int, n: int) -> dict[str, int]:
        """What `events_sql()` takes."""
        return {
            "seed": self.seed,
            "per_day": self.per_day,
            "first": first,
            "n": n,
            "begin_ms": milliseconds(BEGIN),
        }

    def received_at(self, number: int) -> datetime:
        """When capture received that event."""
        return BEGIN + timedelta(milliseconds=int(number * 86_400_000 / self.per_day))


@dataclass(frozen=True)
class Written:
    """What `write_objects` wrote."""

    objects: int
    events: int
    line_bytes: int
    object_bytes: int

    def __add__(self, other: "Written") -> "Written":
        return Written(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


def write_objects(clickhouse_url: str, store: ObjectStore, traffic: Traffic, first: int, n: int) -> Written:
    """The events from `first` on, `n` of them, as capture would have stored them."""
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        written = threads.map(
            lambda begin: _write(clickhouse_url, store, traffic, begin, min(_ASKED, first + n - begin)),
            range(first, first + n, _ASKED),
        )
        return reduce(Written.__add__, written)


def _write(clickhouse_url: str, store: ObjectStore, traffic: Traffic, first: int, n: int) -> Written:
    lines = ask(clickhouse_url, lines_sql(), traffic.parameters(first, n)).splitlines(keepends=True)
    sizes = []
    for begin in range(0, n, OBJECT_EVENTS):
        some = lines[begin : begin + OBJECT_EVENTS]
        payload = zstd.compress(b"".join(some), level=_LEVEL)
        store.put(raw_key(traffic.received_at(first + begin + len(some) - 1), "benchmark", payload), payload)
        sizes.append(len(payload))
    return Written(len(sizes), n, sum(map(len, lines)), sum(sizes))


def ask(clickhouse_url: str, sql: str, parameters: dict[str, int]) -> bytes:
    """The answer as it comes: no row becomes a Python object. Raises OSError, ValueError when it is refused."""
    parts = urlsplit(clickhouse_url)
    values = {f"param_{name}": value for name, value in parameters.items()}
    connection = HTTPConnection(str(parts.hostname), parts.port, timeout=600)
    try:
        connection.request(
            "POST",
            "/?" + urlencode({"database": parts.path.strip("/"), "default_format": "TSVRaw", **values}),
            sql,
            {
                "X-ClickHouse-User": unquote(parts.username or ""),
                "X-ClickHouse-Key": unquote(parts.password or ""),
            },
        )
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    if answer.status != 200:
        raise ValueError(body.decode(errors="replace")[:2000])
    return body


def events_sql() -> str:
    """SELECT of events: the columns that capture and ingestion would know of each."""
    return _file("events")


def lines_sql() -> str:
    """SELECT of lines of raw objects."""
    return _file("lines").replace("__EVENTS__", events_sql())


def rows_sql() -> str:
    """SELECT of rows for a table of events, without a load; repetitions are among them."""
    return _file("fill").replace("__EVENTS__", events_sql())


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / "sql" / f"{name}.sql").read_text()
