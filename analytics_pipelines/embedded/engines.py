"""The two engines as services: made ready in the data folder, then run."""

import os
import signal
import sys
from pathlib import Path

import psycopg

from analytics_pipelines.embedded import postgres_server
from analytics_pipelines.embedded.clickhouse_server import ServerPlan, write_configuration
from analytics_pipelines.embedded.instance import Instance
from analytics_pipelines.embedded.service import Service, answers_http

CLICKHOUSE_DATABASE = "analytics"
_PLAIN_ENVIRONMENT = {"PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "TMPDIR"}


def postgres_service(folder: Path, port: int, instance: Instance) -> Service:
    """PostgreSQL over the cluster in `folder`, which is made if there is none. Raises Problem."""
    postgres_server.make_cluster(folder, instance.postgres_password)
    maintenance = postgres_server.url(port, instance.postgres_password, "postgres")
    return Service(
        name="postgres",
        command=postgres_server.command(folder, port),
        env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8"},
        healthy=lambda: _answers(maintenance),
        url=f"postgresql://127.0.0.1:{port}",
        stop_signal=signal.SIGINT,  # "fast": does not wait for clients to leave
        appear_unprivileged=True,
        engine=True,
    )


def make_database(port: int, instance: Instance) -> None:
    """Make our database if it is not there; `programs.dagster_database` makes Dagster's, on any server."""
    maintenance = postgres_server.url(port, instance.postgres_password, "postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        name = postgres_server.DATABASE
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(f'CREATE DATABASE "{name}"')


def clickhouse_service(plan: ServerPlan) -> Service:
    """The ClickHouse server out of the chdb wheel. Raises Problem."""
    write_configuration(plan)
    return Service(
        name="clickhouse",
        command=[
            sys.executable,
            *("-m", "analytics_pipelines.embedded.clickhouse_server"),
            *(str(plan.folder), str(plan.port), str(plan.password_file)),
            *([str(plan.exports_folder)] if plan.exports_folder else []),
        ],
        # no secrets: SQL can read a process's own environment
        env={name: value for name, value in os.environ.items() if name in _PLAIN_ENVIRONMENT},
        healthy=answers_http(plan.port, "/ping"),
        url=f"http://127.0.0.1:{plan.port}",
        stop_seconds=12,
        engine=True,
    )


def clickhouse_url(port: int, user: str, password: str, database: str = CLICKHOUSE_DATABASE) -> str:
    """The address of the embedded server for one of its users."""
    return f"http://{user}:{password}@127.0.0.1:{port}/{database}"


def _answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=2) as connection:
            connection.execute("SELECT 1")
        return True
    except psycopg.Error:
        return False
