"""A process is killed at any fault point, another does the same again: the tables are as if nothing had happened."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fault_points import fault_points
from histories import FIRST_DAY, LAST_DAY
from installation import Installation
from naive_tables import assert_same
from rounds import AFTERWARDS, DAY, Round
from thorough import some

from resources.object_store import ObjectStore

pytestmark = pytest.mark.engines

ROLLED_UP = {"sessions", "event_counts"}
# Only a changed transformation passes them; tests/ingest/test_readmission.py and test_replay.py break off there. Only
# who replaces raw objects passes those of test_replacements.py.
ELSEWHERE = {"replay.after_sent_again", *fault_points("ingest/readmission.py"), *fault_points("ingest/replacements.py")}
ELSEWHERE |= {point for point in fault_points("ingest/loader.py") if point.startswith("admit.")}
OF_WORK = {
    "delete": {"deletion.after_commit", "persons.after_erase"},
    "unmerge": {"undo.after_commit", "persons.after_parting", "persons.after_parted"},
    "squash": set(fault_points("persons/squash.py")),
    "roll_up": set(fault_points("rollups")),
    "replay": {point for point in fault_points("ingest") if point.startswith("replay.")} - ELSEWHERE,
}
ALL = set(fault_points("ingest", "persons", "groups", "catalog", "rollups"))
OF_WORK["mend_names"] = set(fault_points("catalog/rebuild.py"))
OF_WORK["drain"] = ALL - ELSEWHERE - set().union(*OF_WORK.values())
# Who does the work a second time need not pass these; all others are passed again, and so seven can share a round.
ONCE = {
    *("loader.before_supersede", "loader.after_supersede", "persons.after_overrides", "drain.after_close"),
    *("replay.after_lost", "replay.after_ids", "replay.after_rebuild"),
    "catalog.after_delete",
    *OF_WORK["delete"] | OF_WORK["unmerge"] | OF_WORK["squash"],
}
ROUNDS = some([(work, [point]) for work, points in OF_WORK.items() for point in sorted(points & ONCE)], 2)
for work, points in OF_WORK.items():
    again = sorted(points - ONCE)
    ROUNDS += [(work, again[start : start + 7]) for start in range(0, len(again), 7)]
# What is counted in the catalog is exact up to some hundred
MOST_ROUNDS = 15


@dataclass
class World:
    """An installation that lives through all rounds, and the process that works for it."""

    living: Installation
    folder: Path
    server: subprocess.Popen[str]
    bucket: str = ""
    rounds: int = 0
    is_spoilt: bool = True
    passed: list[str] = field(default_factory=list)

    def next_round(self) -> Round:
        """After a failure it starts from nothing."""
        if self.is_spoilt or self.rounds % MOST_ROUNDS == 0:
            self.bucket = (self.folder / f"bucket-{self.rounds}").as_uri()
            self.living.empty(ObjectStore(self.bucket))
        self.living.now, self.is_spoilt = AFTERWARDS, True
        self.rounds += 1
        return Round(self.living, self.rounds)

    def work(self, work: str, *arguments: Any, faults: str = "") -> int:
        """Have a process do it; its exit code."""
        assert self.server.stdin is not None
        assert self.server.stdout is not None
        order = {
            "faults": faults,
            "bucket": self.bucket,
            "postgres": self.living.postgres.url,
            "clickhouse": self.living.clickhouse.url,
            "now": self.living.now.isoformat(),
            "work": work,
            "arguments": [(type(each).__name__, str(each)) for each in arguments],
        }
        self.server.stdin.write(json.dumps(order) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())


@pytest.fixture(scope="module")
def world(new_installation: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder, here = tmp_path_factory.mktemp("killed"), Path(__file__).parent
    server = subprocess.Popen(
        [sys.executable, str(here / "killed_installation.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(here.parents[1]), "PYTHONWARNINGS": "ignore"},
    )
    try:
        with new_installation(ObjectStore(folder.as_uri())) as living:
            yield World(living, folder, server)
    finally:
        assert server.stdin is not None
        assert server.stdout is not None
        with suppress(BrokenPipeError):
            server.stdin.close()
        server.wait(10)
        server.stdout.close()


def prepare(this: Round, work: str) -> list[Any]:
    """What has to be there before the work, and the work's arguments."""
    living = this.living
    this.begin()
    match work:
        case "drain":
            this.disturb()
            return []
        case "replay":
            this.sent_on_two_days()
            return [DAY]
        case "roll_up":
            return [FIRST_DAY, LAST_DAY]
        case "squash":
            this.merge()
            return []
        case "mend_names":
            this.said_otherwise()
            return []
        case "unmerge":
            this.merge()
            living.squash()
            return [1, this.uuid(10)]
    this.merge()
    return [1, f"a{this.number}"]


@pytest.mark.parametrize(("work", "points"), ROUNDS, ids=[f"{work}-{'-'.join(points)}" for work, points in ROUNDS])
def test_what_is_killed_is_done_by_the_next(world: World, work: str, points: list[str]) -> None:
    this = world.next_round()
    arguments = prepare(this, work)
    for point in points:
        assert world.work(work, *arguments, faults=f"{point}=kill") == -signal.SIGKILL, f"{point} was not passed"
    assert world.work("drain") == 0
    assert world.work(work, *arguments) == 0
    without = set() if work == "roll_up" else ROLLED_UP
    assert_same(world.living.tables(), world.living.expected(), without=without)
    world.living.assert_accounts_hold()
    world.is_spoilt = False


def test_the_sums_are_right_after_all_that(world: World) -> None:
    world.living.roll_up(FIRST_DAY, LAST_DAY)
    assert_same(world.living.tables(), world.living.expected())
