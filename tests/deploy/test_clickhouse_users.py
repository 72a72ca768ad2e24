"""The users of deploy/clickhouse on a real engine: what the platform needs works, and the reader only reads."""

import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from analytics_pipelines.embedded.clickhouse_server import ServerPlan, write_configuration
from analytics_pipelines.embedded.engines import clickhouse_service, clickhouse_url
from analytics_pipelines.embedded.service import free_port, stop_group, wait_until
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse, ClickHouseRefused

ACCESS_DENIED = 497
READONLY = 164
SETTING_CONSTRAINT_VIOLATION = 452
UNACCEPTABLE_URL = 491
AUTHENTICATION_FAILED = 516

PASSWORDS = {"platform": "platform-of-the-test", "reader": "reader-of-the-test"}


@dataclass(frozen=True)
class Server:
    port: int

    def user(self, name: str, password: str | None = None, database: str = "analytics") -> ClickHouse:
        return ClickHouse(clickhouse_url(self.port, name, password or PASSWORDS[name], database))


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
    tree = ElementTree.parse(users)
    for parent, names in (("users", ("platform", "reader")), ("profiles", ("reader",))):
        element = tree.find(parent)
        assert element is not None
        for name in names:
            found = element.find(name)
            assert found is not None
            element.remove(found)
    tree.write(users)


@pytest.mark.engines
def test_probe(server: Server) -> None:
    platform = server.user("platform", database="default")
    platform.command("CREATE DATABASE analytics")
    platform.command("CREATE TABLE analytics.t (n UInt64) ENGINE = MergeTree ORDER BY n")
    reader = server.user("reader")
    for who, sql, settings in [
        (reader, "SELECT count() FROM t", {}),
        (reader, "SELECT count() FROM t", {"readonly": 2, "max_execution_time": 10, "log_comment": "x"}),
        (reader, "SELECT 1", {"max_execution_time": 61}),
        (reader, "SELECT 1", {"max_execution_time": 0}),
        (reader, "SELECT 1", {"max_memory_usage": 0}),
        (reader, "SELECT 1", {"readonly": 0}),
        (reader, "SELECT 1", {"allow_ddl": 1}),
        (reader, "SELECT 1 SETTINGS max_memory_usage = 0", {}),
        (reader, "SELECT * FROM system.users", {}),
        (reader, "SELECT * FROM system.processes", {}),
        (reader, "SELECT * FROM system.query_log", {}),
        (reader, "SELECT name FROM system.tables", {}),
        (reader, "SELECT name FROM system.databases", {}),
        (reader, "SELECT table_name FROM information_schema.tables", {}),
        (reader, "SELECT * FROM numbers(3)", {}),
        (reader, "SELECT number FROM system.numbers LIMIT 1", {}),
        (reader, "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')", {}),
        (reader, "SELECT * FROM file('/etc/passwd', LineAsString)", {}),
        (reader, "SELECT * FROM remote('127.0.0.1', analytics.t)", {}),
        (reader, "SELECT * FROM s3('http://127.0.0.1:1/a/b', CSV, 'a String')", {}),
        (reader, "INSERT INTO t VALUES (1)", {}),
        (reader, "CREATE TABLE x (n UInt8) ENGINE = Memory", {}),
        (reader, "CREATE TEMPORARY TABLE x (n UInt8)", {}),
        (reader, "DROP TABLE t", {}),
        (reader, "SYSTEM SHUTDOWN", {}),
        (reader, "KILL QUERY WHERE 1", {}),
        (reader, "SHOW GRANTS", {}),
        (platform, "SELECT * FROM url('http://127.0.0.1:1/', CSV, 'a String')", {}),
        (platform, "SELECT * FROM s3('http://127.0.0.1:1/a/b', CSV, 'a String')", {}),
        (platform, "SELECT * FROM remote('127.0.0.1', analytics.t)", {}),
        (platform, "SELECT name, auth_type, host_ip FROM system.users", {}),
        (platform, "SELECT name FROM system.tables WHERE database='system' and name like '%_log'", {}),
        (platform, "SELECT value FROM system.server_settings WHERE name='max_server_memory_usage_to_ram_ratio'", {}),
        (platform, "SELECT setting_name, min, max, writability,value FROM system.settings_profile_elements where profile_name='reader'", {}),
    ]:
        try:
            print(sql, settings, who.query(sql, settings=settings).rows[:8])
        except ClickHouseRefused as error:
            print(sql, settings, error.code, str(error)[:150])
        except Exception as error:
            print(sql, settings, repr(error)[:200])
