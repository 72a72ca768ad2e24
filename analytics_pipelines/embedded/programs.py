"""Our own services: capture, web, and Dagster's three processes."""

import os
import re
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg

from analytics_pipelines.embedded.service import Service, answers_http, free_port, listens
from analytics_pipelines.problems import Problem
from analytics_pipelines.settings import Settings, environment_of

DAGSTER_DATABASE = "dagster"
# Connections that one capture process holds: many more than it serves at once, so that idle ones shut nobody out.
_CONNECTIONS = 4096
_HEADER_MILLISECONDS = 10_000
_HEARTBEAT_AGE = timedelta(seconds=120)


def capture_service(settings: Settings) -> Service:
    """Takes events from SDKs."""
    numbers = settings.data_dir / "run" / "capture-metrics"  # one file a process, summed up by /metrics
    shutil.rmtree(numbers, ignore_errors=True)
    numbers.mkdir(parents=True)
    return Service(
        name="capture",
        command=[
            *_granian(settings.host, settings.capture_port, settings.capture_workers, "rsgi"),
            *("--backlog", str(_CONNECTIONS), "--backpressure", str(_CONNECTIONS)),
            *("--http1-header-read-timeout", str(_HEADER_MILLISECONDS)),
            "capture_app.rsgi:app",
        ],
        env={**environment_of(settings), "PROMETHEUS_MULTIPROC_DIR": str(numbers)},
        healthy=answers_http(settings.capture_port, "/livez", settings.host),
        url=settings.sdk_url,
        stop_seconds=6,
    )


def web_service(settings: Settings) -> Service:
    """Serves the dashboards and the API."""
    return Service(
        name="web",
        command=[
            *_granian(settings.host, settings.web_port, 1, "asgi"),
            "analytics_pipelines.web.asgi:app",
        ],
        env=environment_of(settings),
        healthy=answers_http(settings.web_port, "/livez", settings.host),
        url=settings.browser_url,
        stop_seconds=6,
    )


def dagster_services(settings: Settings) -> tuple[Service, list[Service]]:
    """The code server, and what needs it: the web server and the daemon. Raises Problem."""
    home = settings.data_dir / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    database = dagster_database(settings)
    grpc_port = free_port()
    with (files("analytics_pipelines.embedded") / "dagster.yaml").open("rb") as packaged:
        (home / "dagster.yaml").write_bytes(packaged.read())
    workspace = home / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {grpc_port}, location_name: analytics}}\n"
    )
    env = {
        **environment_of(settings),
        "DAGSTER_HOME": str(home),
        # SQLAlchemy 2.1 takes plain postgresql:// for psycopg 3, with which Dagster's event log fails
        "DAGSTER_POSTGRES_URL": re.sub(r"^postgres(ql)?://", "postgresql+psycopg2://", database),
        "PYTHONUNBUFFERED": "1",
        "DAGSTER_DISABLE_TELEMETRY": "1",
    }
    code_server = Service(
        name="dagster-code",
        command=[
            *_program("dagster", "api", "grpc", "--module-name", "analytics_pipelines.definitions"),
            *("--host", "127.0.0.1", "--port", str(grpc_port), "--location-name", "analytics"),
        ],
        env=env,
        healthy=listens(grpc_port),
        signal_group=True,  # runs are its children, and end well when they are told
        stop_seconds=9,
    )
    webserver = Service(
        name="dagster-webserver",
        command=[
            *_program("dagster-webserver", "-w", str(workspace), "--host", settings.dagster_host),
            *("--port", str(settings.dagster_port), "--log-level", "warning"),
        ],
        env=env,
        healthy=answers_http(settings.dagster_port, "/server_info", settings.dagster_host),
        url=settings.dagster_url or f"http://localhost:{settings.dagster_port}",
        stop_seconds=6,
    )
    daemon = Service(
        name="dagster-daemon",
        command=[*_program("dagster-daemon", "run", "-w", str(workspace)), "--log-level", "warning"],
        env=env,
        healthy=_heartbeat_of(database),
        stop_seconds=9,
    )
    return code_server, [webserver, daemon]


def dagster_database(settings: Settings) -> str:
    """The URL of Dagster's database, which is made if it is not there. Raises Problem."""
    if settings.dagster_postgres_url is not None:
        return settings.dagster_postgres_url.get_secret_value()
    ours = settings.need_postgres()
    try:
        with psycopg.connect(ours, autocommit=True, connect_timeout=5) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DAGSTER_DATABASE]).fetchone():
                connection.execute(f'CREATE DATABASE "{DAGSTER_DATABASE}"')
    except psycopg.Error as error:
        raise Problem(
            f"Dagster's database can't be made: {str(error).strip().splitlines()[0]}.",
            f"Make a database {DAGSTER_DATABASE!r} on that server, or set ANALYTICS_DAGSTER_POSTGRES_URL.",
        ) from None
    return urlunsplit(urlsplit(ours)._replace(path=f"/{DAGSTER_DATABASE}"))


def _granian(host: str, port: int, workers: int, interface: str) -> list[str]:
    return [
        *(sys.executable, "-m", "granian", "--interface", interface, "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--respawn-failed-workers"),
        *("--workers-kill-timeout", "4", "--log-level", "warning", "--no-ws"),
    ]


def _program(name: str, *arguments: str) -> list[str]:
    beside = Path(sys.executable).with_name(name)
    found = str(beside) if beside.exists() else shutil.which(name, path=os.environ.get("PATH"))
    if not found:
        raise Problem(f"The program {name} is not installed.", "Install the package again.")
    return [found, *arguments]


def _heartbeat_of(database: str) -> Callable[[], bool]:
    def check() -> bool:
        try:
            with psycopg.connect(database, connect_timeout=2) as connection:
                row = connection.execute("SELECT max(timestamp) FROM daemon_heartbeats").fetchone()
        except psycopg.Error:
            return False
        if row is None or row[0] is None:
            return False
        return bool(datetime.now(UTC) - row[0].replace(tzinfo=UTC) < _HEARTBEAT_AGE)

    return check
