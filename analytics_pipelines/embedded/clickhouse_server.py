"""The genuine ClickHouse server out of the chdb wheel; run as a module, with its folder and port.

The engine in the wheel runs the clickhouse-local program, which can open its own HTTP listener. It reads
`config.xml` and `users.xml` in its working folder; `write_configuration` makes both. `_chdb.query` is a private
name of the wheel: the version is pinned, and `tests/embedded/test_clickhouse_server.py` fails loudly if it goes.
"""

import hashlib
import os
import signal
import sys
import threading
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from string import Template

from analytics_pipelines.embedded.sandbox import confine_files

# The second statement keeps the program, and so the listener, alive; it costs nothing.
_LISTEN = (
    "SYSTEM START LISTEN HTTP; "  # no other protocol: they would listen on their default ports
    "SELECT sleepEachRow(3) FROM system.numbers FORMAT Null "
    "SETTINGS function_sleep_max_microseconds_per_block=0, max_block_size=1"
)
_STOP = "KILL QUERY WHERE query LIKE 'SELECT sleepEachRow(3) FROM system.numbers%' ASYNC"
_STOP_SECONDS = 12

# The engine reads its surroundings (memory, cpu, time zone) and libraries (Python's too), and nothing else; above all
# not what other processes have in their environment.
_OF_PROC = ("self", "cpuinfo", "diskstats", "loadavg", "meminfo", "pressure", "stat", "sys", "uptime", "vmstat")
_READABLE = (
    *(f"/proc/{name}" for name in _OF_PROC),
    *("/sys", "/dev/urandom", "/usr", "/lib", "/lib64", "/etc/localtime", "/etc/ld.so.cache"),
)


@dataclass(frozen=True)
class ServerPlan:
    """What one embedded server is made from. `folder` holds its configuration, data and log; into `exports_folder`,
    too, it may write."""

    folder: Path
    port: int
    platform_password: str
    reader_password: str
    reader_databases: str
    max_memory_bytes: int
    query_max_seconds: int
    query_max_memory_bytes: int
    exports_folder: Path | None = None

    @property
    def password_file(self) -> Path:
        """Where the process reads its password from; beside the folder, out of the engine's own reach."""
        return self.folder.parent / f"{self.folder.name}.password"


def write_configuration(plan: ServerPlan) -> None:
    """Write `config.xml` and `users.xml`, readable by the owner only; passwords only as hashes."""
    plan.folder.mkdir(parents=True, exist_ok=True)
    if plan.exports_folder is not None:
        plan.exports_folder.mkdir(parents=True, exist_ok=True)
    values = {
        "port": plan.port,
        "reader_databases": plan.reader_databases,
        "max_memory": plan.max_memory_bytes,
        "query_max_seconds": plan.query_max_seconds,
        "query_max_memory": plan.query_max_memory_bytes,
        "platform_sha256": hashlib.sha256(plan.platform_password.encode()).hexdigest(),
        "reader_sha256": hashlib.sha256(plan.reader_password.encode()).hexdigest(),
    }
    plan.password_file.touch(mode=0o600)
    plan.password_file.write_text(plan.platform_password)
    for name in ("config.xml", "users.xml"):
        template = Template((Path(__file__).parent / "clickhouse" / name).read_text())
        file = plan.folder / name
        file.touch(mode=0o600)
        file.write_text(template.substitute(values))


def serve(folder: Path, port: int, password: str, exports_folder: Path | None = None) -> int:
    """Run the server until SIGTERM or SIGINT; returns the exit code.

    The platform's password is needed to end it; it must stand neither in the environment nor on the command line.
    """
    import chdb  # opens a connection in the working folder, so before chdir

    os.chdir(folder)
    writable = [folder, Path("/dev/null"), *([exports_folder] if exports_folder else [])]
    confine_files(writable, [Path(path) for path in (*_READABLE, sys.prefix, sys.base_prefix)])
    ended = threading.Event()
    failure: list[BaseException] = []

    def run() -> None:
        try:
            chdb._chdb.query(  # type: ignore[attr-defined]
                _LISTEN, "TSV", path=str(folder / "data")
            )
        except Exception as error:
            failure.append(error)
        ended.set()

    asked_to_stop = threading.Event()
    for stop_signal in (signal.SIGTERM, signal.SIGINT):
        signal.signal(stop_signal, lambda *_: asked_to_stop.set())
    threading.Thread(target=run, daemon=True).start()
    while not ended.wait(0.2):
        if asked_to_stop.is_set():
            _ask_to_end(port, password)
            ended.wait(_STOP_SECONDS)
            break
    for error in failure:
        print(str(error).split("\n", 1)[0], file=sys.stderr, flush=True)
    return 0 if asked_to_stop.is_set() else 1


def _ask_to_end(port: int, password: str) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("POST", "/", _STOP, {"X-ClickHouse-User": "platform", "X-ClickHouse-Key": password})
        connection.getresponse().read()
    except OSError as error:
        print(f"stop: {error}", file=sys.stderr, flush=True)
    finally:
        connection.close()


if __name__ == "__main__":
    given = Path(sys.argv[4]) if sys.argv[4:] else None
    code = serve(Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]).read_text(), given)
    sys.stdout.flush()
    # The engine's own threads may still be tearing down; its data is closed by now.
    os._exit(code)
