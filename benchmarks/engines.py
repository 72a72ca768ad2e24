"""The embedded engines in a folder of a benchmark, and new databases in them."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from analytics_pipelines.embedded import postgres_server
from analytics_pipelines.embedded.clickhouse_server import ServerPlan
from analytics_pipelines.embedded.engines import clickhouse_service, clickhouse_url, postgres_service
from analytics_pipelines.embedded.instance import open_instance
from analytics_pipelines.embedded.service import Service, free_port, stop_group, wait_until
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.problems import Problem
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

DATABASE = "benchmark"
_STARTS_WITHIN = 60


@dataclass(frozen=True)
class Databases:
    """A database in each engine."""

    postgres: Postgres
    clickhouse: ClickHouse


@dataclass(frozen=True)
class Engines:
    """URLs of two databases, the first of which is for any use, and the processes that serve them."""

    postgres_url: str
    clickhouse_url: str
    processes: tuple[int, ...]

    @contextmanager
    def migrated(self, name: str) -> Iterator[Databases]:
        """New databases with the product's tables, gone at the end."""
        at_postgres, at_clickhouse = (
            f"{url.rpartition('/')[0]}/{name}" for url in (self.postgres_url, self.clickhouse_url)
        )
        with psycopg.connect(self.postgres_url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        found = Databases(Postgres(at_postgres), ClickHouse(at_clickhouse))
        try:
            migrate(found.postgres, found.clickhouse, None)
            yield found
        finally:
            found.postgres.close()
            ClickHouse(self.clickhouse_url).command(f"DROP DATABASE IF EXISTS {name} SYNC")
            with psycopg.connect(self.postgres_url, autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def engines(folder: Path) -> Iterator[Engines]:
    """Both engines, running, with the memory that the product gives ClickHouse. Raises Problem."""
    instance = open_instance(folder)
    postgres = postgres_service(folder / "postgres", free_port(), instance)
    plan = ServerPlan(
        folder=folder / "clickhouse",
        port=free_port(),
        platform_password=instance.clickhouse_platform_password,
        reader_password=instance.clickhouse_reader_password,
        reader_databases="none",
        max_memory_bytes=4 * 1024**3,
        query_max_seconds=600,
        query_max_memory_bytes=2 * 1024**3,
    )
    with ExitStack() as stack:
        processes = tuple(
            stack.enter_context(running(service, folder)) for service in (postgres, clickhouse_service(plan))
        )
        port = int(postgres.url.rsplit(":", 1)[1])
        maintenance, url = (
            postgres_server.url(port, instance.postgres_password, name) for name in ("postgres", DATABASE)
        )
        with psycopg.connect(maintenance, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{DATABASE}"')
        found = Engines(
            url, clickhouse_url(plan.port, "platform", instance.clickhouse_platform_password, DATABASE), processes
        )
        ClickHouse(found.clickhouse_url).create_database()
        yield found


@contextmanager
def running(service: Service, folder: Path) -> Iterator[int]:
    """The service, with its log in the folder, until the end. Raises Problem when it does not start."""
    log = folder / f"{service.name}.log"
    with log.open("ab") as output:
        process = service.spawn(output)
    try:
        if not wait_until(service.healthy, process, _STARTS_WITHIN):
            raise Problem(f"{service.name} did not start: {log.read_text()[-2000:]}")
        yield process.pid
    finally:
        stop_group(process, service.stop_signal, service.stop_seconds)
