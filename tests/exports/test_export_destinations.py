"""Buckets and tables elsewhere: real ones, of moto's S3, Postgres and a ClickHouse of its own."""

import json
import threading
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from export_world import HOUR, LOOPBACK, TEN, World, folder, saying
from psycopg.rows import tuple_row

from analytics_pipelines.embedded.clickhouse_server import ServerPlan
from analytics_pipelines.embedded.engines import clickhouse_service, clickhouse_url
from analytics_pipelines.embedded.service import free_port, listens, stop_group, wait_until
from analytics_pipelines.exports.destination import DestinationFailed
from analytics_pipelines.exports.model import Destination, Export, Model
from analytics_pipelines.exports.opening import Opener
from analytics_pipelines.exports.run import ExportFailed
from analytics_pipelines.exports.runs import Runs
from analytics_pipelines.exports.s3 import S3
from analytics_pipelines.exports.saving import Checks
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse, ClickHouseRefused
from resources.object_store import ObjectStore

pytestmark = pytest.mark.engines
ACCESS, SECRET = "AKIAWATERMELON", "a secret/of+the=bucket"
PASSWORD = "pass 'word\\ of the other"


@dataclass
class Other:
    """A ClickHouse server that rows are exported to; it writes down what it is asked."""

    clickhouse: ClickHouse
    folder: Path
    http_port: int
    native_port: int

    def destination(self, **config: Any) -> Destination:
        given = {
            "host": "127.0.0.1",
            "port": self.http_port,
            "native_port": self.native_port,
            "secure": False,
            "database": "lake",
            "user": "platform",
            "table_name": "events",
        }
        return Destination("ClickHouse", {**given, **config}, {"password": PASSWORD})


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Other]:
    root = tmp_path_factory.mktemp("other")
    http, native = free_port(), free_port()
    plan = ServerPlan(root / "clickhouse", http, PASSWORD, "reader", "lake", 2 * 1024**3, 60, 10**9)
    service = clickhouse_service(plan)
    config = plan.folder / "config.xml"
    log = (
        f"<tcp_port>{native}</tcp_port>"
        "<query_log><database>system</database><table>query_log</table>"
        "<flush_interval_milliseconds>200</flush_interval_milliseconds></query_log>"
    )
    config.write_text(config.read_text().replace("</clickhouse>", f"{log}</clickhouse>"))
    with (root / "log").open("wb") as output:
        process = service.spawn(output)
    try:
        assert wait_until(service.healthy, process, 60), (root / "log").read_text()
        quoted = PASSWORD.replace("'", "%27").replace("\\", "%5C").replace(" ", "%20")
        ClickHouse(clickhouse_url(http, "platform", quoted, "system")).command("SYSTEM START LISTEN TCP")
        found = ClickHouse(clickhouse_url(http, "platform", quoted, "lake"))
        found.create_database()
        assert wait_until(listens(native), process, 20)
        yield Other(found, plan.folder, http, native)
    finally:
        stop_group(process, service.stop_signal, 15)


@pytest.fixture
def bucket(s3: ObjectStore, s3_port: int) -> Callable[..., Destination]:
    name = urlsplit(s3.url).netloc

    def destination(**config: Any) -> Destination:
        given = {
            "bucket_name": name,
            "region": "us-east-1",
            "endpoint_url": f"http://127.0.0.1:{s3_port}",
            "file_format": "Parquet",
            "compression": "zstd",
        }
        secrets = {"aws_access_key_id": ACCESS, "aws_secret_access_key": SECRET}
        return Destination("S3", {**given, **config}, secrets)

    return destination


@pytest.fixture
def table(databases: Any) -> Callable[..., Destination]:
    """A table of a Postgres that is another database of the same server."""
    parts = urlsplit(databases.postgres_url)

    def destination(**config: Any) -> Destination:
        given = {
            "host": parts.hostname,
            "port": parts.port,
            "database": parts.path.strip("/"),
            "user": parts.username,
            "schema": "public",
            "table_name": "events",
        }
        return Destination("Postgres", {**given, **config}, {"password": parts.password or ""})

    return destination


def place_of(destination: Destination) -> S3:
    return S3(destination.config, destination.secrets, lambda host, port: [host], LOOPBACK)


def keys(destination: Destination) -> dict[str, str]:
    """Everything in the bucket, with its checksum."""
    found = ObjectStore(f"s3://{destination.config['bucket_name']}").objects("")
    return {each.key: place_of(destination).stored(each.key).checksum for each in found}


def in_postgres(databases: Any, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(databases.postgres_url, row_factory=tuple_row) as connection:
        return connection.execute(sql).fetchall()


def test_a_bucket_is_exported_to_and_marked(world: World, bucket: Callable[..., Destination]) -> None:
    world.send(*world.events(20))
    destination = bucket()
    world.exporter.work(world.export(destination))
    at = f"team_id={world.team}/events/date=2026-11-23/hour=10"
    stored = keys(destination)
    assert list(stored) == [f"{at}/20261123T100000Z-20261123T110000Z-0.parquet", f"{at}/_SUCCESS"]
    manifest = json.loads(place_of(destination).get(f"{at}/_SUCCESS") or b"")
    assert (manifest["rows"], manifest["checksums"]) == (20, "etag")
    assert manifest["files"][0]["checksum"] == stored[f"{at}/20261123T100000Z-20261123T110000Z-0.parquet"]
    read = world.clickhouse.query(
        f"SELECT count(), uniq(uuid) FROM s3('{destination.config['endpoint_url']}/"
        f"{destination.config['bucket_name']}/**/*.parquet', 'a', 'b', 'Parquet')"
    )
    assert read.rows == [(20, 20)]


# what comes before these is the same for all destinations, and tried with folders
POINTS = [f"exports.{point}" for point in ("after_write", "before_mark", "after_mark")]


def test_whatever_is_broken_off_at_any_destination_is_mended_by_the_next_try(
    world: World,
    bucket: Callable[..., Destination],
    table: Callable[..., Destination],
    databases: Any,
    other: Other,
    broken_at: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from analytics_pipelines.exports import run

    monkeypatch.setattr(run, "_FEWEST_ROWS", 10)
    world.now += HOUR
    world.send(*world.events(30))
    world.send(*world.events(6, TEN + HOUR), received=TEN + HOUR)
    exporter = world.exporter
    exporter.stretch_bytes = 1
    destination = bucket()
    at = other.destination(table_name="broken")
    sum_of = "count(), sum(JSONExtractInt(properties, 'number')), uniqExact(uuid), uniqExact(_interval_start)"
    seen: dict[Model | str, Callable[[], object]] = {
        "S3": lambda: keys(destination),
        "Postgres": lambda: in_postgres(
            databases,
            "SELECT count(*), sum((properties->>'number')::int), count(DISTINCT uuid), count(DISTINCT _interval_start)"
            " FROM events",
        ),
        "ClickHouse": lambda: other.clickhouse.query(f"SELECT {sum_of} FROM broken").rows,
    }
    exports = {each.type: world.export(each) for each in (destination, table(), at)}
    for kind, export in exports.items():
        exporter.work(export)
        unbroken = seen[kind]()
        for point in POINTS:
            Runs(world.postgres, export).backfill(TEN, TEN + HOUR, world.now)
            broken_at(point, 2 if point == "exports.after_write" else 1)
            with pytest.raises(BaseException, match=point):
                exporter.work(export)
            broken_at()
            assert exporter.work(export).intervals == 1
            assert seen[kind]() == unbroken, (kind, point)
    left = in_postgres(databases, "SELECT tablename FROM pg_tables WHERE tablename LIKE '%staging%'")
    assert left == []
    assert other.clickhouse.query("SHOW TABLES LIKE '%staging%'").rows == []


def test_postgres_has_rows_of_its_own_types(world: World, table: Callable[..., Destination], databases: Any) -> None:
    world.send(*world.events(9), *[saying(each, plan="a\x00\x00b\\u0000") for each in world.events(1)])
    world.exporter.work(world.export(table(table_name="facts")))
    types = in_postgres(
        databases,
        "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'facts' ORDER BY 1",
    )
    assert dict(types)["timestamp"] == "timestamp with time zone"
    assert dict(types)["uuid"] == dict(types)["person_id"] == "uuid"
    assert dict(types)["properties"] == "json"
    found = in_postgres(
        databases, "SELECT uuid::text, event, timestamp, properties->>'text' FROM facts ORDER BY uuid::text"
    )
    own = world.clickhouse.query(
        "SELECT toString(uuid), event, timestamp, JSONExtractString(properties, 'text') FROM events"
        " ORDER BY toString(uuid)"
    ).rows
    assert found == own
    assert in_postgres(databases, "SELECT DISTINCT _interval_start FROM facts") == [(TEN,)]
    said = "SELECT properties->'$set'->>'plan' FROM facts WHERE properties->'$set' IS NOT NULL"
    assert in_postgres(databases, said) == [("ab\\u0000",)]


def test_a_snapshot_takes_the_place_of_the_one_before(
    world: World, table: Callable[..., Destination], databases: Any, other: Other
) -> None:
    world.send(*world.events(10))
    into = (table(table_name="people"), other.destination(table_name="people"))
    exports = [world.export(each, model=Model.PERSONS) for each in into]
    for export in exports:
        world.exporter.work(export)
    fresh = world.events(1, TEN + HOUR)[0]
    fresh["event"]["distinct_id"] = "somebody new"
    world.send(fresh, received=TEN + HOUR)
    world.now += HOUR
    for export in exports:
        world.exporter.work(export)
    counted = "SELECT count(*), count(DISTINCT person_id) FROM people"
    assert in_postgres(databases, counted) == other.clickhouse.query(counted).rows == [(6, 6)]


def test_an_interval_without_rows_takes_away_what_was_there(
    world: World, table: Callable[..., Destination], databases: Any, other: Other
) -> None:
    world.now += HOUR
    world.send(*world.events(10))
    world.send(*world.events(4, TEN + HOUR), received=TEN + HOUR)
    exports = [world.export(each) for each in (table(table_name="gone"), other.destination(table_name="gone"))]
    for export in exports:
        world.exporter.work(export)
    world.clickhouse.command("DELETE FROM events WHERE toHour(received_at) = 10")
    for export in exports:
        world.exporter.again(export, [run.interval for run in world.runs(export)])
    assert (
        in_postgres(databases, "SELECT count(*) FROM gone") == other.clickhouse.query("SELECT count() FROM gone").rows
    )
    assert in_postgres(databases, "SELECT count(*) FROM gone") == [(4,)]


def test_a_destination_that_fails_leaves_the_others_alone(
    world: World, bucket: Callable[..., Destination], table: Callable[..., Destination]
) -> None:
    world.send(*world.events(5))
    away = free_port()
    broken = [
        world.export(bucket(endpoint_url=f"http://127.0.0.1:{away}")),
        world.export(bucket(bucket_name="not-there")),
        world.export(table(port=away)),
        world.export(table(database="not_there")),
    ]
    whole = world.export()
    for export in broken:
        with pytest.raises(ExportFailed):
            world.exporter.work(export)
        (run,) = world.runs(export)
        assert run.status == "FailedRetryable"
        assert run.error
        assert not any(secret in run.error for secret in export.destination.secrets.values())
    assert world.exporter.work(whole).rows == 5


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "10.0.0.1", "0x7f000001", "[::1]"])
def test_private_addresses_are_refused_when_rows_would_be_sent(
    world: World, bucket: Callable[..., Destination], table: Callable[..., Destination], other: Other, host: str
) -> None:
    """Nothing is connected to, whatever was saved before."""
    world.send(*world.events(2))
    exporter = world.exporter
    exporter.opener = Opener.of(Settings(exports_folder=world.folder))
    bare = host.strip("[]")
    listed = [bucket(endpoint_url=f"http://{host}:80"), table(host=bare), other.destination(host=bare)]
    for destination in listed:
        export = world.export(destination)
        with pytest.raises(ExportFailed, match="can't be reached from here"):
            exporter.work(export)
        assert world.runs(export)[0].status == "Failed"
        assert "can't be reached" in (Checks(exporter, exporter.opener).probe(export) or "")


def test_no_redirect_of_a_store_is_followed(world: World, bucket: Callable[..., Destination]) -> None:
    """A public store that points us to a private address is not obeyed, by ClickHouse no more than by us."""
    asked: list[int] = []

    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.server.server_address[1])
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{private.server_port}/inside")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_PUT = do_DELETE = do_POST = do_GET  # noqa: N815  http.server's names

        def log_message(self, *_: object) -> None:
            pass

    private, public = (ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) for _ in range(2))
    for server in (private, public):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    destination = bucket(endpoint_url=f"http://127.0.0.1:{public.server_port}")
    place = place_of(destination)
    sink = place.sink("a/key.parquet", "Parquet", "none")
    for attempt in (
        lambda: place.stored("key"),
        lambda: place.get("key"),
        lambda: place.put("key", b""),
        lambda: place.delete(["key"]),
        lambda: place.names("folder"),
        lambda: world.clickhouse.write(f"INSERT INTO FUNCTION {sink.function} SELECT 1 AS one", settings=sink.settings),
    ):
        with pytest.raises((DestinationFailed, ClickHouseRefused)):
            attempt()
    for server in (private, public):
        server.shutdown()
        server.server_close()
    assert len(asked) >= 6
    assert set(asked) == {public.server_port}


def test_a_folder_of_many_files_is_listed_to_its_end(bucket: Callable[..., Destination]) -> None:
    destination = bucket()
    place, names = place_of(destination), [f"{number:04}.parquet" for number in range(250)]
    for name in names:
        place.put(f"some/folder=1/{name}", b"")
    place.put("some/folder=10/other", b"")
    assert place.names("some/folder=1") == names


def test_an_operator_may_allow_a_private_address(
    world: World, bucket: Callable[..., Destination], s3_port: int
) -> None:
    world.send(*world.events(2))
    exporter = world.exporter
    exporter.opener = Opener.of(Settings(exports_folder=world.folder, outbound_allowed=f"127.0.0.1:{s3_port}"))
    export = world.export(bucket())
    assert Checks(exporter, exporter.opener).probe(export) is None
    assert exporter.work(export).rows == 2


def test_a_probe_writes_and_leaves_nothing(
    world: World, bucket: Callable[..., Destination], table: Callable[..., Destination], other: Other
) -> None:
    destination, checks = bucket(), Checks(world.exporter, world.exporter.opener)
    for each in (destination, table(), other.destination(), folder()):
        assert checks.probe(world.export(each)) is None, each.type
    assert keys(destination) == {}
    assert world.files() == {}
    assert "not exist" in (checks.probe(world.export(bucket(bucket_name="not-there"))) or "")


def test_clickhouse_writes_no_secret_down(
    world: World, bucket: Callable[..., Destination], table: Callable[..., Destination], other: Other
) -> None:
    """Asked of a server that keeps a log of statements, whether they succeed or fail."""
    world.send(*world.events(2))
    name = f"copy_{uuid.uuid4().hex[:8]}"
    sender = other.clickhouse.about()
    exporter = world.exporter
    exporter.clickhouse = sender
    sender.command(f"CREATE TABLE {name} (n UInt8) ENGINE = MergeTree ORDER BY n")
    secrets = [ACCESS, SECRET, PASSWORD, table().secrets["password"]]
    statements = []
    for destination in (bucket(), bucket(bucket_name="not-there"), table(), other.destination()):
        export = world.export(destination)
        statements += _statements(world, export, sender)
    errors = []
    for statement in statements:
        try:
            sender.write(statement)
        except ClickHouseRefused as error:
            errors.append(str(error))
    sender.command("SYSTEM FLUSH LOGS")
    logged = sender.query(
        "SELECT query, exception FROM system.query_log WHERE query ILIKE 'INSERT INTO FUNCTION%'"
    ).rows
    assert len(logged) >= len(statements)
    written = "".join(errors) + "".join(query + exception for query, exception in logged)
    written += "".join(path.read_text(errors="replace") for path in other.folder.glob("*.log*"))
    for secret in secrets[1:]:
        assert secret not in written
        assert secret.replace("\\", "\\\\").replace("'", "\\'") not in written


def _statements(world: World, export: Export, clickhouse: ClickHouse) -> list[str]:
    """What is sent to ClickHouse, over a constant row."""
    opener = world.exporter.opener
    kind = export.destination.type
    if kind == "S3":
        sink = opener.place(world.team, export.destination).sink("some/key.parquet", "Parquet", "none")
        return [f"INSERT INTO FUNCTION {sink.function} SELECT 1 AS one"]
    config, password = export.destination.config, export.destination.secrets["password"]
    from analytics_pipelines.exports.destination import literal

    if kind == "Postgres":
        where = f"{config['host']}:{config['port']}"
        arguments = [where, config["database"], "nowhere", config["user"], password, "public"]
        return [f"INSERT INTO FUNCTION postgresql({', '.join(map(literal, arguments))}) SELECT 1 AS one"]
    where = f"{config['host']}:{config['native_port']}"
    arguments = [where, "lake", "nowhere", config["user"], password]
    return [f"INSERT INTO FUNCTION remote({', '.join(map(literal, arguments))}) SELECT 1 AS one"]


def test_an_hour_is_due_five_minutes_after_it(world: World) -> None:
    world.now = TEN + HOUR + timedelta(minutes=4)
    world.send(*world.events(2))
    export = world.export()
    assert world.exporter.work(export).intervals == 0
    world.now += timedelta(minutes=1)
    assert world.exporter.work(export).intervals == 1
