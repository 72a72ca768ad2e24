"""The server out of the chdb wheel: it serves, it is closed to strangers, and it survives being killed."""

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import psycopg
import pytest

from analytics_pipelines.embedded.clickhouse_server import ServerPlan
from analytics_pipelines.embedded.engines import clickhouse_service, clickhouse_url
from analytics_pipelines.embedded.sandbox import can_confine_files
from analytics_pipelines.embedded.service import free_port, stop_group, wait_until
from resources.clickhouse import ClickHouse, ClickHouseRefused, ClickHouseUnavailable

pytestmark = pytest.mark.engines


def test_the_wheels_private_entry_point_is_still_there() -> None:
    code = "import chdb; assert callable(chdb._chdb.query)"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, timeout=60)


FORBIDDEN_TO_ALL = [
    "SELECT file('/etc/passwd')",
    "SELECT * FROM file('/etc/passwd', 'LineAsString', 'line String')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')",
    "SELECT * FROM s3('http://127.0.0.1:1/b/k', 'CSV', 'a String')",
    "SELECT * FROM remote('127.0.0.1:1', 'system', 'one')",
    "SELECT * FROM system.users",
    "SELECT * FROM postgresql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "CREATE TABLE t (a UInt8) ENGINE = Memory",
    "CREATE DATABASE d",
    "INSERT INTO FUNCTION file('/tmp/x', 'CSV', 'a UInt8') SELECT 1",
    "SYSTEM SHUTDOWN",
    "DROP TABLE events",
    "INSERT INTO events (team_id) VALUES (1)",
    "ALTER TABLE events DELETE WHERE 1",
]


@pytest.mark.parametrize("statement", FORBIDDEN_TO_ALL)
def test_the_reader_can_do_nothing_but_read(reader: ClickHouse, statement: str) -> None:
    if "file('/etc/passwd')" in statement and not can_confine_files():
        pytest.skip("this kernel has no Landlock; docs/operations.md says what stays open")
    with pytest.raises(ClickHouseRefused):
        reader.query(statement)


def basic(login: str) -> str:
    return "Basic " + base64.b64encode(login.encode()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": basic("default:")},
        {"Authorization": basic("reader:")},
        {"X-ClickHouse-User": "default"},
        {"X-ClickHouse-User": "reader"},
        {"X-ClickHouse-User": "platform", "Authorization": basic("default:")},
        {"X-ClickHouse-User": "reader", "X-ClickHouse-Key": ""},
    ],
)
@pytest.mark.parametrize(
    "parameters",
    [
        "",
        "&user=default",
        "&User=default&password=",
        "&%75ser=default",
        ";user=default",
        "&user=default&user=reader",
    ],
)
def test_the_login_without_a_password_that_the_program_needs_is_shut_out_of_http(  # type: ignore[no-untyped-def]
    engines, headers: dict[str, str], parameters: str
) -> None:
    for url in (f"/?query=SELECT+1{parameters}", f"/?database=default{parameters}", f"/x?query=SELECT+1{parameters}"):
        for method in ("GET", "POST"):
            connection = HTTPConnection("127.0.0.1", engines.clickhouse_port, timeout=10)
            connection.request(method, url, b"SELECT 1" if method == "POST" else None, headers)
            assert connection.getresponse().status in {403, 404}
            connection.close()


@pytest.mark.skipif(not can_confine_files(), reason="this kernel has no Landlock; docs/operations.md says what is open")
def test_sql_finds_no_secret_in_files(reader: ClickHouse, engines) -> None:  # type: ignore[no-untyped-def]
    environment = str(reader.query("SELECT file('/proc/self/environ')").one()[0])
    assert {line.split("=")[0] for line in environment.split("\0") if line} <= {
        "PATH",
        "PYTHONPATH",
        "TMPDIR",
        "LC_CTYPE",
    }
    for file in (f"/proc/{os.getpid()}/environ", str(engines.folder / "instance.json"), "/proc/1/environ"):
        with pytest.raises(ClickHouseRefused):
            reader.query("SELECT file({file:String})", {"file": file})


def test_a_wrong_password_is_refused(engines) -> None:  # type: ignore[no-untyped-def]
    wrong = ClickHouse(clickhouse_url(engines.clickhouse_port, "platform", "wrong", "default"))
    with pytest.raises(ClickHouseRefused):
        wrong.query("SELECT 1")


def test_the_reader_can_not_lift_its_limits(reader: ClickHouse) -> None:
    for name, value in {"max_execution_time": 100_000, "max_memory_usage": 0, "readonly": 0}.items():
        with pytest.raises(ClickHouseRefused):
            ClickHouse.query(reader, "SELECT 1", settings={name: value}) if name != "readonly" else reader.query(
                "SELECT 1 SETTINGS readonly = 0"
            )


def test_a_hungry_question_ends_in_an_error_and_the_server_lives(reader: ClickHouse) -> None:
    with pytest.raises(ClickHouseRefused) as refused:
        reader.query("SELECT length(groupArray(number)) FROM numbers(1000000000)", settings={"max_memory_usage": 10**7})
    assert refused.value.code == 241
    assert reader.query("SELECT 1").one() == (1,)


def test_it_listens_on_loopback_with_http_only(engines) -> None:  # type: ignore[no-untyped-def]
    listening = {
        (line.split()[1]).split(":")[0]
        for name in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(name).read_text().splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].split(":")[1], 16) == engines.clickhouse_port
    }
    assert listening == {"0100007F"}


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[tuple[ClickHouse, list[subprocess.Popen[bytes]]]]:
    plan = ServerPlan(tmp_path / "clickhouse", free_port(), "secret", "reader", "test_*", 2 * 1024**3, 60, 10**9)
    service = clickhouse_service(plan)
    processes = [service.spawn()]
    assert wait_until(service.healthy, processes[0], 60)
    yield ClickHouse(clickhouse_url(plan.port, "platform", "secret", "default")), processes
    stop_group(processes[-1], service.stop_signal, 15)


def test_what_was_inserted_survives_sigkill(
    own_server: tuple[ClickHouse, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    clickhouse, processes = own_server
    clickhouse.command(
        "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100"
    )
    for token in ("a", "a", "b"):
        clickhouse.insert("INSERT INTO t SELECT number FROM numbers(1000)", token=token)
    os.kill(processes[0].pid, signal.SIGKILL)
    processes[0].wait()
    with pytest.raises(ClickHouseUnavailable):
        clickhouse.query("SELECT 1")
    port = int(clickhouse.address.rsplit(":", 1)[1])
    service = clickhouse_service(
        ServerPlan(tmp_path / "clickhouse", port, "secret", "reader", "test_*", 2 * 1024**3, 60, 10**9)
    )
    processes.append(service.spawn())
    assert wait_until(service.healthy, processes[-1], 60)
    clickhouse.insert("INSERT INTO t SELECT number FROM numbers(1000)", token="b")
    assert clickhouse.query("SELECT count() FROM t").one() == (2000,)


def test_its_files_hold_no_password_in_the_clear(
    own_server: tuple[ClickHouse, list[subprocess.Popen[bytes]]], tmp_path: Path
) -> None:
    for name in ("config.xml", "users.xml"):
        file = tmp_path / "clickhouse" / name
        assert "secret" not in file.read_text()
        assert file.stat().st_mode & 0o077 == 0


def test_postgres_wants_its_password(engines) -> None:  # type: ignore[no-untyped-def]
    url = engines.postgres_url("postgres").replace(engines.postgres_password, "wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url, connect_timeout=5)
