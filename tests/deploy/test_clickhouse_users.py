"""The users of deploy/clickhouse on a real engine: what the platform needs works, and the reader only reads."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from analytics_pipelines.embedded.clickhouse_server import ServerPlan, write_configuration
from analytics_pipelines.embedded.engines import clickhouse_service, clickhouse_url
from analytics_pipelines.embedded.service import free_port, stop_group, wait_until
from analytics_pipelines.migrations.files import read_migrations, render_clickhouse, statements
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse, ClickHouseRefused

UNKNOWN_TABLE = 60
READONLY = 164
QUERY_IS_PROHIBITED = 392
SETTING_CONSTRAINT_VIOLATION = 452
ACCESS_DENIED = 497
AUTHENTICATION_FAILED = 516

PASSWORDS = {"platform": "platform-of-the-test", "reader": "reader-of-the-test"}


@dataclass(frozen=True)
class Server:
    port: int

    def user(self, name: str, password: str | None = None) -> ClickHouse:
        return ClickHouse(clickhouse_url(self.port, name, password or PASSWORDS[name]))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, deploy: Path) -> Iterator[Server]:
    """The engine of the wheel under our config.d and users.d, as the image reads them.

    The wheel's program logs in as `default` when it starts, so that user stays here; a server has no such need.
    """
    folder = tmp_path_factory.mktemp("server")
    plan = ServerPlan(
        folder=folder / "clickhouse",
        port=free_port(),
        platform_password="unused",
        reader_password="unused",
        reader_databases="unused",
        max_memory_bytes=2 * 1024**3,
        query_max_seconds=60,
        query_max_memory_bytes=2 * 1024**3,
    )
    service = clickhouse_service(plan)
    write_configuration(plan)
    _keep_only_default(plan.folder / "users.xml")
    for kind in ("config", "users"):
        (plan.folder / f"{kind}.d").mkdir()
        text = (deploy / "clickhouse" / f"{kind}.xml").read_text()
        (plan.folder / f"{kind}.d" / "analytics.xml").write_text(text.replace('<default remove="1"/>', ""))
    environment = {
        **service.env,
        "ANALYTICS_EMBEDDED_CLICKHOUSE_PASSWORD": PASSWORDS["platform"],
        "CLICKHOUSE_PLATFORM_PASSWORD": PASSWORDS["platform"],
        "CLICKHOUSE_READER_PASSWORD": PASSWORDS["reader"],
        "ANALYTICS_QUERY_MAX_SECONDS": str(Settings.model_fields["query_max_seconds"].default),
        "ANALYTICS_QUERY_MAX_MEMORY_BYTES": str(Settings.model_fields["query_max_memory_bytes"].default),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(service.command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        assert wait_until(service.healthy, process, 60), (folder / "log").read_text()
        yield Server(plan.port)
    finally:
        stop_group(process, service.stop_signal, 15)


def _keep_only_default(users: Path) -> None:
    tree = ElementTree.parse(users)  # noqa: S314  our own file
    for parent, names in (("users", ("platform", "reader")), ("profiles", ("reader",))):
        element = tree.find(parent)
        assert element is not None
        for name in names:
            found = element.find(name)
            assert found is not None
            element.remove(found)
    tree.write(users)


@pytest.fixture(scope="module")
def platform(server: Server) -> ClickHouse:
    """The platform's user, after it migrated as `analytics migrate` does."""
    client = server.user("platform")
    client.create_database("")
    for migration in read_migrations("clickhouse"):
        for statement in statements(render_clickhouse(migration.text, None)):
            client.command(statement)
    client.command("CREATE TABLE notes (n UInt64) ENGINE = MergeTree ORDER BY n")
    client.command("INSERT INTO notes SELECT number FROM numbers(3)")
    return client


@pytest.fixture
def reader(server: Server, platform: ClickHouse) -> ClickHouse:
    return server.user("reader")


@pytest.mark.engines
def test_the_platform_makes_fills_and_drops_tables(platform: ClickHouse) -> None:
    platform.command("CREATE TABLE staged AS notes")
    platform.command("ALTER TABLE notes REPLACE PARTITION tuple() FROM notes")
    platform.command("DROP TABLE staged")
    assert platform.query("SELECT count() FROM notes").one() == (3,)


@pytest.mark.engines
def test_the_reader_reads_the_platforms_tables_under_the_default_limits(reader: ClickHouse) -> None:
    limits = {
        "max_execution_time": Settings.model_fields["query_max_seconds"].default,
        "max_memory_usage": Settings.model_fields["query_max_memory_bytes"].default,
        "max_result_rows": Settings.model_fields["query_max_rows"].default,
        "log_comment": "who asks",
        "readonly": 2,
    }
    assert reader.query("SELECT count() FROM events", settings=limits).one() == (0,)
    assert reader.query("SHOW GRANTS").rows == [("GRANT SELECT ON analytics.* TO reader",)]


@pytest.mark.engines
@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO notes VALUES (1)",
        "ALTER TABLE notes DELETE WHERE 1",
        "TRUNCATE TABLE notes",
        "DROP TABLE notes",
        "CREATE TABLE mine (n UInt8) ENGINE = Memory",
        "CREATE TEMPORARY TABLE mine (n UInt8)",
        "CREATE DATABASE mine",
        "SYSTEM SHUTDOWN",
        "KILL QUERY WHERE 1",
        "SELECT * FROM system.users",
        "SELECT * FROM system.processes",
        "SELECT * FROM system.query_log",
        "SELECT * FROM information_schema.tables",
        "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')",
        "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', CSV, 'a String')",
        "SELECT * FROM file('/etc/passwd', LineAsString)",
        "SELECT * FROM remote('127.0.0.1', analytics.notes)",
        "SELECT * FROM default.anything",
    ],
)
def test_the_reader_can_do_nothing_else(reader: ClickHouse, sql: str) -> None:
    with pytest.raises(ClickHouseRefused) as refused:
        reader.query(sql)
    assert refused.value.code in {ACCESS_DENIED, UNKNOWN_TABLE}, refused.value


@pytest.mark.engines
@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("max_execution_time = 61", SETTING_CONSTRAINT_VIOLATION),
        ("max_execution_time = 0", SETTING_CONSTRAINT_VIOLATION),
        ("max_memory_usage = 0", SETTING_CONSTRAINT_VIOLATION),
        ("max_memory_usage = 2147483649", SETTING_CONSTRAINT_VIOLATION),
        ("readonly = 0", READONLY),
        ("allow_ddl = 1", QUERY_IS_PROHIBITED),
        ("allow_introspection_functions = 1", SETTING_CONSTRAINT_VIOLATION),
    ],
)
def test_the_reader_cannot_lift_its_limits(reader: ClickHouse, setting: str, code: int) -> None:
    with pytest.raises(ClickHouseRefused) as refused:
        reader.query(f"SELECT 1 SETTINGS {setting}")
    assert refused.value.code == code


@pytest.mark.engines
def test_a_wrong_password_is_refused(server: Server, platform: ClickHouse) -> None:
    with pytest.raises(ClickHouseRefused) as refused:
        server.user("reader", "wrong").check()
    assert refused.value.code == AUTHENTICATION_FAILED


@pytest.mark.engines
def test_the_servers_own_logs_end_after_days(platform: ClickHouse) -> None:
    platform.command("SYSTEM FLUSH LOGS")
    logs = dict(
        platform.query(
            "SELECT name, create_table_query FROM system.tables WHERE database = 'system' AND engine LIKE '%MergeTree'"
        ).rows
    )
    assert logs
    for name, created in logs.items():
        assert " TTL event_date + toIntervalDay(" in created, name
