"""`analytics start`: everything on one machine, from an empty folder to printed addresses."""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.dashboards.apply import give_default
from analytics_pipelines.embedded.clickhouse_server import ServerPlan
from analytics_pipelines.embedded.engines import (
    CLICKHOUSE_DATABASE,
    clickhouse_service,
    clickhouse_url,
    make_database,
    postgres_service,
)
from analytics_pipelines.embedded.instance import Instance, open_instance, write_private
from analytics_pipelines.embedded.logbook import Logbook
from analytics_pipelines.embedded.postgres_server import url as postgres_url
from analytics_pipelines.embedded.programs import capture_service, dagster_services, web_service
from analytics_pipelines.embedded.service import free_port, port_is_free, process_lives
from analytics_pipelines.embedded.supervisor import StopRequested, Supervisor
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.problems import Fault, Problem
from analytics_pipelines.settings import Settings, endpoints_file
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

PARTS = ("capture", "web", "dagster")
_LOCK_SECONDS = 15.0  # how long what a killed supervisor left may need to end


@dataclass(frozen=True)
class Ready:
    """What a person needs to begin. `login_url` works once."""

    settings: Settings
    login_url: str | None
    project: Project | None


def run(
    settings: Settings,
    parts: set[str],
    tell: Callable[[str], None],
    ready: Callable[[Ready], None],
    complete: Callable[[], None],
) -> None:
    """Start the parts and whatever engines are not given, call `ready` when the dashboards answer and `complete` when
    all is up, then supervise until asked to stop. Raises Problem."""
    data_dir = settings.data_dir
    os.umask(0o077)  # events, logs and secrets are for this user alone
    instance = open_instance(data_dir)
    (data_dir / "run").mkdir(exist_ok=True)
    with _only_one(data_dir):
        settings = _with_ports(settings, parts)
        logbook = Logbook(data_dir / "logs" / "analytics.log")
        supervisor = Supervisor(data_dir / "run" / "services.json", logbook, tell)
        supervisor.catch_signals()
        try:
            ObjectStore(settings.bucket_url).check()
            settings = _start_engines(settings, parts, instance, supervisor)
            project, login_url = _prepare(settings, parts, tell)
            flask = {"capture": capture_service, "web": web_service}
            supervisor.start(*(make(settings) for part, make in flask.items() if part in parts))
            ready(Ready(settings, login_url, project))
            if "dagster" in parts:
                code_server, others = dagster_services(settings)
                supervisor.start(code_server)
                supervisor.start(*others)
            complete()
            supervisor.watch()
        except StopRequested:
            tell("stopping")
        except Fault as fault:
            raise Problem(
                f"{str(fault).rstrip('.')}.",
                "Check ANALYTICS_POSTGRES_URL, ANALYTICS_CLICKHOUSE_URL and ANALYTICS_OBJECT_STORE_URL.",
            ) from None
        finally:
            supervisor.stop()
            endpoints_file(data_dir).unlink(missing_ok=True)


@contextmanager
def engines_only(settings: Settings, first_day: date, tell: Callable[[str], None]) -> Iterator[Settings]:
    """The engines that are not given, on a folder that is new, until the end of the block; yields their addresses too.

    `first_day` is what Dagster's partitions of arrival begin with from then on. Raises Problem.
    """
    data_dir = settings.data_dir
    os.umask(0o077)
    instance = open_instance(data_dir, first_day)
    (data_dir / "run").mkdir(exist_ok=True)
    with _only_one(data_dir):
        supervisor = Supervisor(data_dir / "run" / "services.json", Logbook(data_dir / "logs" / "analytics.log"), tell)
        try:
            given = (
                settings if settings.clickhouse_url else settings.model_copy(update={"clickhouse_port": free_port()})
            )
            yield _start_engines(given, set(), instance, supervisor)
        finally:
            supervisor.stop()
            endpoints_file(data_dir).unlink(missing_ok=True)


def _with_ports(settings: Settings, parts: set[str]) -> Settings:
    """Every port decided and free, or a Problem that says which is not."""
    wanted = {f"{part}_port": part for part in PARTS if part in parts}
    if settings.clickhouse_url is None:
        wanted["clickhouse_port"] = "ClickHouse"
    chosen = {}
    for name, what in wanted.items():
        port = getattr(settings, name)
        host = {"capture": settings.host, "web": settings.host, "dagster": settings.dagster_host}.get(what, "127.0.0.1")
        if port == 0:
            chosen[name] = free_port()
        elif not port_is_free(host, port):
            flag = f"--{name.replace('_', '-')}"
            raise Problem(
                f"Port {port} ({what}) is in use.",
                f"Stop what uses it, or choose another with {flag} or ANALYTICS_{name.upper()} (0: any free one).",
            )
    return settings.model_copy(update=chosen)


def _start_engines(settings: Settings, parts: set[str], instance: Instance, supervisor: Supervisor) -> Settings:
    """Start what is not given; returns the settings with every engine's address, and leaves them for the CLI."""
    services = []
    found: dict[str, Any] = {"arrival_start": instance.first_day.isoformat()}
    postgres_port = free_port()
    if settings.postgres_url is None:
        services.append(postgres_service(settings.data_dir / "postgres", postgres_port, instance))
        found["postgres_url"] = postgres_url(postgres_port, instance.postgres_password)
    else:
        supervisor.note_given("postgres", Postgres(settings.need_postgres()).address)
    if settings.clickhouse_url is None:
        plan = ServerPlan(
            folder=settings.data_dir / "clickhouse",
            port=settings.clickhouse_port,
            platform_password=instance.clickhouse_platform_password,
            reader_password=instance.clickhouse_reader_password,
            reader_databases=CLICKHOUSE_DATABASE,
            max_memory_bytes=settings.clickhouse_max_memory_bytes,
            query_max_seconds=settings.query_max_seconds,
            query_max_memory_bytes=settings.query_max_memory_bytes,
            exports_folder=settings.exports_path,
        )
        services.append(clickhouse_service(plan))
        passwords = {"platform": plan.platform_password, "reader": plan.reader_password}
        urls = {user: clickhouse_url(plan.port, user, password) for user, password in passwords.items()}
        found |= {"clickhouse_url": urls["platform"], "clickhouse_reader_url": urls["reader"]}
    else:
        supervisor.note_given("clickhouse", ClickHouse(settings.need_clickhouse()).address)
    supervisor.start(*services)
    if settings.postgres_url is None:
        make_database(postgres_port, instance)
    if "dagster" in parts and settings.dagster_url is None:
        found["dagster_url"] = f"http://localhost:{settings.dagster_port}"
    for port in ("capture_port", "web_port", "dagster_port", "clickhouse_port"):
        found[port] = getattr(settings, port)
    write_private(endpoints_file(settings.data_dir), json.dumps(found, indent=2))
    given = settings.model_dump(exclude_unset=True)
    return Settings(**{**found, **{name: value for name, value in given.items() if value is not None}, **_ports(found)})


def _ports(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name.endswith("_port")}


def _prepare(settings: Settings, parts: set[str], tell: Callable[[str], None]) -> tuple[Project | None, str | None]:
    """Migrate, make the first organization, project and admin, and a login link."""
    begun = time.monotonic()
    postgres = Postgres(settings.need_postgres())
    try:
        done = migrate(postgres, ClickHouse(settings.need_clickhouse()), settings.clickhouse_cluster)
        applied = len(done.postgres) + len(done.clickhouse)
        if applied:
            tell(f"{'migrations':<19} {f'{applied} applied':<42} {time.monotonic() - begun:5.1f} s")
        if done.reopened:
            tell(f"{'ingestion':<19} {f'new tables: {done.reopened} batches will be loaded again':<42}")
        people = People(postgres)
        people.ensure_first("My organization", "My project", new_project_token(), "admin@localhost")
        secret = people.login_link_secret() if "web" in parts else None
        ours = [project for project in Projects(postgres).all() if not project.is_demo]
        if ours:
            give_default("project", postgres, ours[0])
    finally:
        postgres.close()
    return ours[0] if ours else None, f"{settings.browser_url}/login?token={secret}" if secret else None


@contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    """Hold the data folder's lock. The janitor shares it, so it is free once a killed supervisor is cleaned up."""
    file = data_dir / "run" / "lock"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except OSError:
            holder = os.read(descriptor, 20).decode().strip()
            os.lseek(descriptor, 0, os.SEEK_SET)
            if (holder.isdigit() and process_lives(int(holder))) or time.monotonic() > end:
                raise Problem(
                    f"{data_dir} is in use: `analytics start` runs there (process {holder or 'unknown'}).",
                    "Stop that one first, or choose another folder with --data-dir.",
                ) from None
            time.sleep(0.2)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    try:
        yield
    finally:
        os.close(descriptor)
