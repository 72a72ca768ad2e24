"""An engine is killed in the middle of a load: the next drain after its return brings the load to its end."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from histories import FIRST_DAY, LAST_DAY
from installation import Installation
from naive_tables import assert_same
from rounds import Round

from analytics_pipelines import faults
from analytics_pipelines.embedded import postgres_server
from analytics_pipelines.embedded.clickhouse_server import ServerPlan
from analytics_pipelines.embedded.engines import clickhouse_service, clickhouse_url, make_database, postgres_service
from analytics_pipelines.embedded.instance import open_instance
from analytics_pipelines.embedded.service import Service, free_port, stop_group, wait_until
from analytics_pipelines.migrations.apply import migrate
from analytics_pipelines.problems import Fault
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines


@dataclass
class Engine:
    """A server that can be killed and started again over the same folder.

    It dies with the thread that started it, and whoever kills it may be one of the load's that ends with it: so all are
    started by one that stays.
    """

    service: Service
    log: Path
    starter: ThreadPoolExecutor
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = self.starter.submit(self.service.spawn, log).result()
        assert wait_until(self.service.healthy, self.process, 60), self.log.read_text()

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            stop_group(self.process, self.service.stop_signal, 15)


@dataclass
class World:
    living: Installation
    engines: dict[str, Engine]
    folder: Path
    rounds: int = 0
    is_spoilt: bool = True

    def next_round(self) -> Round:
        """After a failure it starts from nothing."""
        if self.is_spoilt:
            self.living.empty(ObjectStore((self.folder / f"bucket-{self.rounds}").as_uri()))
        self.is_spoilt = True
        self.rounds += 1
        return Round(self.living, self.rounds)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("killed_engines")
    instance, ports = open_instance(folder), (free_port(), free_port())
    plan = ServerPlan(
        folder=folder / "clickhouse",
        port=ports[0],
        platform_password=instance.clickhouse_platform_password,
        reader_password=instance.clickhouse_reader_password,
        reader_databases="analytics",
        max_memory_bytes=2 * 1024**3,
        query_max_seconds=60,
        query_max_memory_bytes=1024**3,
    )
    starter = ThreadPoolExecutor(1)
    engines = {
        "postgres": Engine(postgres_service(folder / "postgres", ports[1], instance), folder / "postgres.log", starter),
        "clickhouse": Engine(clickhouse_service(plan), folder / "clickhouse.log", starter),
    }
    try:
        for engine in engines.values():
            engine.start()
        make_database(ports[1], instance)
        postgres = Postgres(postgres_server.url(ports[1], instance.postgres_password, postgres_server.DATABASE))
        clickhouse = ClickHouse(clickhouse_url(ports[0], "platform", instance.clickhouse_platform_password))
        migrate(postgres, clickhouse, None)
        yield World(Installation(ObjectStore(folder.as_uri()), postgres, clickhouse), engines, folder)
        postgres.close()
    finally:
        for engine in engines.values():
            engine.stop()
        starter.shutdown()


@pytest.mark.parametrize(
    ("engine", "point", "is_back_at_once"),
    [
        ("clickhouse", "loader.after_stage", True),
        ("clickhouse", "loader.after_events", True),
        ("clickhouse", "persons.after_commit", True),
        ("clickhouse", "persons.after_persons", False),
        ("postgres", "drain.after_claim", False),
        ("postgres", "persons.before_commit", True),
        ("postgres", "drain.before_close", False),
    ],
)
def test_an_engine_that_is_killed_in_the_middle_of_a_load_loses_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, engine: str, point: str, is_back_at_once: bool
) -> None:
    this, killed = world.next_round(), world.engines[engine]
    this.begin()
    this.disturb()

    def kill(_: float) -> None:
        killed.kill()
        if is_back_at_once:
            killed.start()

    monkeypatch.setattr(faults, "time", SimpleNamespace(sleep=kill))
    monkeypatch.setattr(faults, "_plan", {point: ("sleep:0", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    with contextlib.suppress(Fault):
        world.living.drain()
    assert faults._passes[point] >= 1
    if not is_back_at_once:
        killed.start()
    monkeypatch.setattr(faults, "_plan", {})
    world.living.drain()
    world.living.roll_up(FIRST_DAY, LAST_DAY)
    assert_same(world.living.tables(), world.living.expected())
    world.living.assert_accounts_hold()
    world.is_spoilt = False
