"""Real engines for the tests: one ClickHouse and one Postgres for all of them, a database of its own for each."""

import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import hypothesis
import psycopg
import pytest

from analytics_pipelines import faults
from analytics_pipelines.embedded import postgres_server
from analytics_pipelines.embedded.clickhouse_server import ServerPlan
from analytics_pipelines.embedded.engines import clickhouse_service, clickhouse_url, postgres_service
from analytics_pipelines.embedded.instance import open_instance
from analytics_pipelines.embedded.service import free_port, listens, stop_group, wait_until
from analytics_pipelines.migrations.apply import migrate
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

# Random tests take the same examples each time, so that who changes something else is not stopped by what they find.
# With ANALYTICS_EXAMPLES=2000 they look for more, and elsewhere each time.
hypothesis.settings.register_profile("repeatable", derandomize=True)
if "ANALYTICS_EXAMPLES" not in os.environ:
    hypothesis.settings.load_profile("repeatable")


@dataclass(frozen=True)
class Engines:
    """Addresses of the running engines, by database name."""

    folder: Path
    postgres_port: int
    clickhouse_port: int
    postgres_password: str
    platform_password: str
    reader_password: str

    def postgres_url(self, database: str) -> str:
        return postgres_server.url(self.postgres_port, self.postgres_password, database)

    def clickhouse_url(self, database: str, user: str = "platform") -> str:
        password = self.platform_password if user == "platform" else self.reader_password
        return clickhouse_url(self.clickhouse_port, user, password, database)


# Databases of tests make and remove thousands of small files: in memory that costs a third less.
_MEMORY = Path("/dev/shm")
_ROOM = 4 * 1024**3


@pytest.fixture(scope="session")
def engines_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the engines keep their files: in memory, if there is room."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < _ROOM or not os.access(_MEMORY, os.W_OK):
        yield tmp_path_factory.mktemp("engines")
        return
    with tempfile.TemporaryDirectory(prefix="analytics-", dir=_MEMORY, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def engines(engines_folder: Path) -> Iterator[Engines]:
    folder = engines_folder
    instance = open_instance(folder)
    postgres = postgres_service(folder / "postgres", free_port(), instance)
    clickhouse_port = free_port()
    plan = ServerPlan(
        folder=folder / "clickhouse",
        port=clickhouse_port,
        platform_password=instance.clickhouse_platform_password,
        reader_password=instance.clickhouse_reader_password,
        reader_databases="test_*",
        max_memory_bytes=4 * 1024**3,
        query_max_seconds=60,
        query_max_memory_bytes=2 * 1024**3,
        exports_folder=folder / "exports",
    )
    clickhouse = clickhouse_service(plan)
    with (folder / "engines.log").open("wb") as log:
        running = [(service, service.spawn(log)) for service in (postgres, clickhouse)]
    try:
        for service, process in running:
            assert wait_until(service.healthy, process, 60), (folder / "engines.log").read_text()
        yield Engines(
            folder=folder,
            postgres_port=int(postgres.url.rsplit(":", 1)[1]),
            clickhouse_port=clickhouse_port,
            postgres_password=instance.postgres_password,
            platform_password=instance.clickhouse_platform_password,
            reader_password=instance.clickhouse_reader_password,
        )
    finally:
        for service, process in reversed(running):
            stop_group(process, service.stop_signal, 15)


@dataclass(frozen=True)
class Databases:
    """Empty databases of one test; not migrated."""

    postgres_url: str
    clickhouse_url: str
    reader_url: str


@pytest.fixture
def databases(engines: Engines) -> Iterator[Databases]:
    name = f"test_{uuid.uuid4().hex[:12]}"
    maintenance = engines.postgres_url("postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    found = Databases(engines.postgres_url(name), engines.clickhouse_url(name), engines.clickhouse_url(name, "reader"))
    yield found
    ClickHouse(engines.clickhouse_url("default")).command(f"DROP DATABASE IF EXISTS {name} SYNC")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture(scope="session")
def template(engines: Engines) -> str:
    """The name of migrated databases without a row; a copy takes a tenth of the time of the migrations."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(engines.postgres_url("postgres"), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    postgres = Postgres(engines.postgres_url(name))
    migrate(postgres, ClickHouse(engines.clickhouse_url(name)), None)
    postgres.close()
    return name


# Emptied whether they have rows or not: they remember the tokens of inserts.
_WITH_TOKENS = {"events", "dead_letters", "dropped_events"}


@dataclass
class Spares:
    """Migrated databases without rows: emptied ones of tests before, or copies, which take a few times as long."""

    engines: Engines
    template: str
    free: list[str] = field(default_factory=list)

    def take(self) -> Databases:
        name = self.free.pop() if self.free else self._copy()
        with psycopg.connect(self.engines.postgres_url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{self.template}"')
        urls = (self.engines.clickhouse_url(name), self.engines.clickhouse_url(name, "reader"))
        return Databases(self.engines.postgres_url(name), *urls)

    def give_back(self, databases: Databases) -> None:
        name = databases.postgres_url.rpartition("/")[2]
        with psycopg.connect(self.engines.postgres_url("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        if self._empty(name):
            self.free.append(name)
        else:
            ClickHouse(self.engines.clickhouse_url("default")).command(f"DROP DATABASE IF EXISTS {name} SYNC")

    def _tables(self, name: str) -> dict[str, tuple[str, int]]:
        """How each was made, and its rows."""
        rows = ClickHouse(self.engines.clickhouse_url("default")).query(
            "SELECT name, create_table_query, ifNull(total_rows, 0) FROM system.tables"
            f" WHERE database = '{name}' ORDER BY engine = 'View', name"
        )
        return {table: (made.replace(f"{name}.", f"{self.template}."), count) for table, made, count in rows.rows}

    def _copy(self) -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        clickhouse = ClickHouse(self.engines.clickhouse_url(name))
        clickhouse.create_database()
        for made, _ in self._tables(self.template).values():
            clickhouse.command(made.replace(f"{self.template}.", f"{name}."))
        clickhouse.command(f"INSERT INTO schema_migrations SELECT * FROM {self.template}.schema_migrations")
        return name

    def _empty(self, name: str) -> bool:
        """False when the tables are not those of the template any more."""
        clickhouse = ClickHouse(self.engines.clickhouse_url(name))
        wanted, found = self._tables(self.template), self._tables(name)
        if any(found.get(table, ("", 0))[0] != made for table, (made, _) in wanted.items()):
            return False
        for table, (_, count) in found.items():
            if table not in wanted:
                clickhouse.command(f"DROP TABLE {table} SYNC")
            elif table != "schema_migrations" and (count or table in _WITH_TOKENS):
                clickhouse.command(f"TRUNCATE TABLE {table}")
        return True


@pytest.fixture(scope="session")
def spares(engines: Engines, template: str) -> Spares:
    return Spares(engines, template)


@pytest.fixture
def migrated(spares: Spares) -> Iterator[Databases]:
    found = spares.take()
    yield found
    spares.give_back(found)


@pytest.fixture
def postgres(migrated: Databases) -> Iterator[Postgres]:
    client = Postgres(migrated.postgres_url)
    yield client
    client.close()


@pytest.fixture
def clickhouse(migrated: Databases) -> ClickHouse:
    return ClickHouse(migrated.clickhouse_url)


@pytest.fixture
def reader(migrated: Databases) -> ClickHouse:
    """What people's questions run as: may read, and nothing else."""
    return ClickHouse(migrated.reader_url, read_only=True)


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """The bucket: a folder, or S3 where a test says so by `buckets.in_both` or `buckets.in_turn`."""
    if getattr(request, "param", "folder") == "s3":
        return request.getfixturevalue("s3")  # type: ignore[no-any-return]
    return ObjectStore((tmp_path / "bucket").as_uri())


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    assert wait_until(listens(port), server, 60)
    yield port
    server.terminate()
    server.wait(10)


def s3_bucket(port: int, name: str, environment: pytest.MonkeyPatch) -> ObjectStore:
    """A new bucket of the server at this port, which the environment names from then on."""
    for variable, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
    }.items():
        environment.setenv(variable, value)
    bucket = name.replace("_", "-")[:60].lower()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/{bucket}", method="PUT")
    urllib.request.urlopen(request, timeout=10).close()
    return ObjectStore(f"s3://{bucket}/some/prefix")


@pytest.fixture
def s3(s3_port: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ObjectStore:
    return s3_bucket(s3_port, tmp_path.name, monkeypatch)


@pytest.fixture(autouse=True)
def _no_settings_of_the_developer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith("ANALYTICS_") or name in {"DATABASE_URL", "CLICKHOUSE_URL"}:
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def broken_off_at() -> Iterator[Callable[[str, Callable[[], object]], None]]:
    """Runs something that is broken off at a point (`name@pass`)."""

    def run(point: str, work: Callable[[], object]) -> None:
        name, _, at = point.partition("@")
        faults._plan[name] = ("raise", int(at or 1))
        faults._passes.clear()
        with pytest.raises(faults.InjectedFault):
            work()
        faults._plan.clear()

    yield run
    faults._plan.clear()
    faults._passes.clear()
