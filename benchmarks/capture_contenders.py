"""What is measured beside capture: each as a service, and how a payload is sent to it."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import psycopg
from pydantic import SecretStr

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.embedded import postgres_server
from analytics_pipelines.embedded.clickhouse_server import ServerPlan
from analytics_pipelines.embedded.engines import clickhouse_service, clickhouse_url, postgres_service
from analytics_pipelines.embedded.instance import Instance, open_instance
from analytics_pipelines.embedded.programs import capture_service
from analytics_pipelines.embedded.service import Service, free_port, stop_group, wait_until
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import Settings
from benchmarks.capture_payloads import Payload
from benchmarks.capture_report import BARE, CAPTURE, CLICKHOUSE, STRAIGHTFORWARD, UNWRITTEN
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

WORKERS = 2
_BLOCKING_THREADS = 32
_STARTS_WITHIN = 60

# An acknowledgement is to mean what capture's means, so a part and its folder are synced. How long ClickHouse waits for
# more rows is left to itself: with 2 to 200 ms instead its figures stayed where they were.
_PEER_TABLE = """
CREATE TABLE benchmark (
    uuid UUID, event LowCardinality(String), timestamp DateTime64(3, 'UTC'), properties String,
    received_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = MergeTree ORDER BY (event, timestamp)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, parts_to_delay_insert = 0, parts_to_throw_insert = 100000
"""


@dataclass(frozen=True)
class Contender:
    """`request` makes URL, headers and body of a payload; `tidy` removes what disturbs the next run."""

    name: str
    process: int
    url: str
    request: Callable[[Payload], tuple[str, dict[str, str], bytes]]
    tidy: Callable[[], None] = field(default=lambda: None)


@dataclass(frozen=True)
class Place:
    """A folder with a Postgres that knows one project, and a ClickHouse."""

    folder: Path
    postgres_url: str
    clickhouse_url: str
    clickhouse_process: int
    clickhouse_port: int
    instance: Instance
    token: str

    def capture(self, name: str) -> Service:
        """Capture in earnest, with a bucket of its own, on a free port."""
        settings = Settings(
            data_dir=self.folder / name,
            postgres_url=SecretStr(self.postgres_url),
            capture_port=free_port(),
            capture_workers=WORKERS,
            log_level="warning",
        )
        return capture_service(settings)


@contextmanager
def place(folder: Path) -> Iterator[Place]:
    """Everything that contenders need, running. Raises Problem."""
    instance = open_instance(folder)
    postgres = postgres_service(folder / "postgres", free_port(), instance)
    plan = ServerPlan(
        folder=folder / "clickhouse",
        port=free_port(),
        platform_password=instance.clickhouse_platform_password,
        reader_password=instance.clickhouse_reader_password,
        reader_databases="none",
        max_memory_bytes=2 * 1024**3,
        query_max_seconds=60,
        query_max_memory_bytes=1024**3,
    )
    with ExitStack() as stack:
        stack.enter_context(_running(postgres, folder))
        clickhouse = stack.enter_context(_running(clickhouse_service(plan), folder))
        port = int(postgres.url.rsplit(":", 1)[1])
        maintenance, url = (postgres_server.url(port, instance.postgres_password, name) for name in ("postgres", "us"))
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute("CREATE DATABASE us")
        events = clickhouse_url(plan.port, "platform", instance.clickhouse_platform_password, "us")
        client, database = ClickHouse(events), Postgres(url)
        migrate(database, client, None)
        client.command(_PEER_TABLE)
        People(database).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
        (project,) = Projects(database).all()
        database.close()
        yield Place(folder, url, events, clickhouse, plan.port, instance, project.api_token)


@contextmanager
def contenders(at: Place) -> Iterator[list[Contender]]:
    """All of them, running and answering. Raises Problem."""
    with ExitStack() as stack:

        def ours(name: str, module: str | None = None) -> Contender:
            service = at.capture(name)
            if module:
                service = replace(service, name=name, command=[*service.command[:-1], module])
            return start(service)

        def start(service: Service) -> Contender:
            process = stack.enter_context(_running(service, at.folder))
            port = service.command[service.command.index("--port") + 1]
            return _posthog(service.name, process, f"http://127.0.0.1:{port}")

        yield [
            ours(CAPTURE),
            ours(BARE, "benchmarks.peers.bare:app"),
            ours(UNWRITTEN, "benchmarks.peers.unwritten:app"),
            start(_straightforward(at)),
            _clickhouse(at),
        ]


def _straightforward(at: Place) -> Service:
    """The same server as web's, with what a blocking handler needs."""
    folder = at.folder / STRAIGHTFORWARD
    folder.mkdir()
    port = free_port()
    return Service(
        name=STRAIGHTFORWARD,
        command=[
            *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
            *("--workers", str(WORKERS), "--blocking-threads", str(_BLOCKING_THREADS)),
            *("--backlog", "4096", "--backpressure", "4096", "--log-level", "warning", "--no-ws"),
            "benchmarks.peers.straightforward:app",
        ],
        env={**os.environ, "BENCHMARK_FOLDER": str(folder)},
        healthy=_answers(f"http://127.0.0.1:{port}/livez"),
    )


def _posthog(name: str, process: int, url: str) -> Contender:
    return Contender(name, process, url, lambda payload: (url + payload.path, payload.headers, payload.body))


def _clickhouse(at: Place) -> Contender:
    asked = {
        "database": "us",
        "query": "INSERT INTO benchmark (uuid, event, timestamp, properties) FORMAT JSONEachRow",
        "async_insert": 1,
        "wait_for_async_insert": 1,
        "date_time_input_format": "best_effort",
    }
    url = f"http://127.0.0.1:{at.clickhouse_port}/"
    login = {"X-ClickHouse-User": "platform", "X-ClickHouse-Key": at.instance.clickhouse_platform_password}
    client = ClickHouse(at.clickhouse_url)
    return Contender(
        CLICKHOUSE,
        at.clickhouse_process,
        url,
        lambda payload: (f"{url}?{urlencode(asked)}", payload.headers | login, payload.rows),
        lambda: client.command("TRUNCATE TABLE benchmark SYNC"),  # its merges would go on while others are measured
    )


def send_once(contender: Contender, payload: Payload) -> None:
    """Raises Problem when it does not answer 200: nothing measured of it would mean anything."""
    url, headers, body = contender.request(payload)
    try:
        with urlopen(Request(url, body, headers), timeout=10) as answer:
            if answer.status != 200:
                raise Problem(f"{contender.name} answers {answer.status} to {payload.name}.")
    except OSError as error:
        said = getattr(error, "read", lambda: b"")().decode(errors="replace")[:300]
        raise Problem(f"{contender.name} does not take {payload.name}: {error} {said}") from None


@contextmanager
def _running(service: Service, folder: Path) -> Iterator[int]:
    log = folder / f"{service.name}.log"
    with log.open("ab") as output:
        process = service.spawn(output)
    try:
        if not wait_until(service.healthy, process, _STARTS_WITHIN):
            raise Problem(f"{service.name} did not start: {log.read_text()[-2000:]}")
        yield process.pid
    finally:
        stop_group(process, service.stop_signal, service.stop_seconds)


def _answers(url: str) -> Callable[[], bool]:
    def check() -> bool:
        try:
            with urlopen(url, timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    return check
