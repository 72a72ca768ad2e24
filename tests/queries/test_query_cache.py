"""Where answers are kept: Postgres, or Redis, which may be away."""

import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from analytics_pipelines.embedded.service import free_port
from analytics_pipelines.insights.team import Team
from analytics_pipelines.queries.ask import Computed
from analytics_pipelines.queries.cache import CacheUnavailable, PostgresCache, RedisCache, open_cache
from analytics_pipelines.queries.entry import Entry
from analytics_pipelines.queries.question import read_question
from analytics_pipelines.queries.reads import Read
from analytics_pipelines.settings import Settings
from resources.postgres import Postgres

HOUR = timedelta(hours=1)


class _Handler(socketserver.StreamRequestHandler):
    """As much of Redis as GET, SET, SCAN and DEL need."""

    kept: dict[bytes, bytes]
    lifetimes: dict[bytes, bytes]

    def handle(self) -> None:
        while line := self.rfile.readline():
            words = []
            for _ in range(int(line[1:])):
                size = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(size + 2)[:-2])
            match words:
                case [b"GET", key]:
                    found = self.kept.get(key)
                    self.wfile.write(b"$-1\r\n" if found is None else b"$%d\r\n%b\r\n" % (len(found), found))
                case [b"SET", key, value, b"EX", seconds]:
                    self.kept[key], self.lifetimes[key] = value, seconds
                    self.wfile.write(b"+OK\r\n")
                case [b"SCAN", *_]:
                    keys = b"".join(b"$%d\r\n%b\r\n" % (len(key), key) for key in self.kept)
                    self.wfile.write(b"*2\r\n$1\r\n0\r\n*%d\r\n%b" % (len(self.kept), keys))
                case [b"DEL", key]:
                    self.wfile.write(b":%d\r\n" % (self.kept.pop(key, None) is not None))
                case _:
                    self.wfile.write(b"+OK\r\n")


@pytest.fixture
def redis() -> Iterator[tuple[str, type[_Handler]]]:
    class Handler(_Handler):
        kept: dict[bytes, bytes] = {}  # noqa: RUF012  one server a test
        lifetimes: dict[bytes, bytes] = {}  # noqa: RUF012

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"redis://127.0.0.1:{server.server_address[1]}/0?protocol=2", Handler
        server.shutdown()
        thread.join()


def test_redis_keeps_answers_as_long_as_it_is_told(redis: tuple[str, type[_Handler]]) -> None:
    url, handler = redis
    cache = open_cache(Settings(cache_url=url), Postgres("postgresql://nobody@127.0.0.1:1/none"))
    assert isinstance(cache, RedisCache)
    assert cache.get("a") is None
    cache.put("a", b"\x00\xff answer", HOUR)
    assert cache.get("a") == b"\x00\xff answer"
    assert handler.lifetimes == {b"analytics:query:a": b"3600"}
    cache.clear()
    assert cache.get("a") is None
    cache._client.close()


def test_a_redis_that_is_away_holds_nothing() -> None:
    cache = open_cache(
        Settings(cache_url=f"redis://127.0.0.1:{free_port()}/0"), Postgres("postgresql://nobody@127.0.0.1:1/none")
    )
    cache.put("a", b"answer", HOUR)
    assert cache.get("a") is None
    with pytest.raises(CacheUnavailable):  # it may hold some when it is back
        cache.clear()


@pytest.mark.engines
def test_postgres_keeps_answers_until_they_expire(postgres: Postgres) -> None:
    cache = open_cache(Settings(), postgres)
    assert isinstance(cache, PostgresCache)
    cache.put("a", b"first", HOUR)
    cache.put("a", b"\x00\xff", HOUR)
    cache.put("gone", b"late", timedelta(seconds=-1))
    assert (cache.get("a"), cache.get("gone"), cache.get("b")) == (b"\x00\xff", None, None)
    cache.put("c", b"more", HOUR)
    assert [row["key"] for row in postgres.rows("SELECT key FROM query_cache ORDER BY key")] == ["a", "c"]
    cache.clear()
    assert cache.get("a") is None


def test_an_entry_is_unpacked_as_it_was_packed() -> None:
    read = Read("SELECT 1 FROM events", "SELECT 1", {"p0": "1"}, 5, 40, 1.5)
    answer = {"results": [[1, None, "a\u2028"]], "resolved_date_range": {"date_to": "2026-11-24T23:59:59+00:00"}}
    entry = Entry.of(Computed(answer, datetime(2026, 11, 24, tzinfo=UTC), [read]), 7, "day")
    assert Entry.unpacked(entry.packed()) == entry
    assert entry.made.date_to == datetime(2026, 11, 24, 23, 59, 59, tzinfo=UTC)
    for broken in (b"", b"junk", entry.packed()[:-4]):
        assert Entry.unpacked(broken) is None


def test_the_key_of_a_question_is_that_of_its_meaning() -> None:
    team = Team(1, property_types={("event", "b"): "Numeric", ("event", "a"): "Boolean"})
    trends = {"kind": "TrendsQuery", "series": [{"kind": "EventsNode", "event": "page"}]}

    def key(query: object = trends, of: Team = team) -> str:
        return read_question(query).key(of)

    assert key() == key({"series": [{"event": "page", "kind": "EventsNode", "name": None}], "kind": "TrendsQuery"})
    assert key() == key(of=Team(1, property_types={("event", "a"): "Boolean", ("event", "b"): "Numeric"}))
    others = [
        key({**trends, "interval": "hour"}),
        key({**trends, "series": [{"kind": "EventsNode", "event": "buy"}]}),
        key(of=Team(2)),
        key(of=Team(1)),
        key(of=Team(1, "Asia/Tokyo")),
        key({"kind": "HogQLQuery", "query": "select 1"}),
    ]
    assert len({key(), *others}) == 7
