"""Exporting: one interval after the other, each whole or marked as unfinished, one export at a time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.exports.changes import outdated_runs
from analytics_pipelines.exports.destination import DestinationFailed, DestinationForbidden, Target, Written, literal
from analytics_pipelines.exports.due import ask_for_due
from analytics_pipelines.exports.files import query_prefix
from analytics_pipelines.exports.intervals import Interval
from analytics_pipelines.exports.model import Export
from analytics_pipelines.exports.opening import Opener, said
from analytics_pipelines.exports.rows import Fingerprint, Rows, Stretch, WrongExport
from analytics_pipelines.exports.runs import Run, Runs
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.faults import hit
from analytics_pipelines.insights.team import Context
from analytics_pipelines.lock_classes import LockClass
from analytics_pipelines.problems import Problem
from analytics_pipelines.queries.team import StoresOf, load_team
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse, ClickHouseRefused, ClickHouseUnavailable
from resources.postgres import Postgres

# One advisory lock an export, held while it is written; it dies with its holder's connection.
_LOCK_CLASS = LockClass.EXPORTS.value
# What one statement writes, and so one file: as much as fits into memory a few times, on a laptop.
_STRETCH_BYTES = 256 << 20
_STRETCH_ROWS = 1_000_000
_FEWEST_ROWS = 1000
_SPARE = 0.9
# A second statement packs while the first one waits for its store; more would take more memory.
_AT_ONCE = 2


class ExportFailed(Problem):
    """An interval could not be exported. It is tried again by itself, unless it says otherwise."""


@dataclass
class Tally:
    """What one call exported."""

    intervals: int = 0
    rows: int = 0
    bytes: int = 0
    files: int = 0
    seconds: float = 0
    last: Interval | None = None

    def add(self, interval: Interval, written: list[Written]) -> None:
        self.intervals += 1
        self.rows += sum(each.rows for each in written)
        self.bytes += sum(each.bytes for each in written)
        self.files += len(written)
        self.last = interval


@dataclass
class Exporter:
    """`clickhouse` may write. `progress` is told of each interval that is done, with how many there are so far."""

    postgres: Postgres
    clickhouse: ClickHouse
    opener: Opener
    run_id: str | None = None
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    progress: Callable[[Run, Tally], None] = lambda run, tally: None
    stretch_bytes: int = _STRETCH_BYTES

    @classmethod
    def of(cls, settings: Settings, comment: dict[str, str], run_id: str | None = None) -> Exporter:
        """By the settings."""
        clickhouse = ClickHouse(settings.need_clickhouse(), comment)
        return cls(Postgres(settings.need_postgres()), clickhouse, Opener.of(settings), run_id)

    def work(self, export: Export, *, most: int | None = None) -> Tally:
        """Export everything that is due: what the clock asks for, what was asked for, what changed since.

        Raises ExportFailed at the first interval that fails; those before it are done. Problem when another process
        is at it.
        """
        with self._alone_on(export):
            export = Exports(self.postgres).find(export.id) or export  # as it is by now
            if not export.paused:
                ask_for_due(self.postgres, export, self.now())
                self._look_for_changes(export)
            return self._drain(export, most)

    def again(self, export: Export, runs: list[Interval], *, most: int | None = None) -> Tally:
        """Export these intervals now, whatever else is due."""
        with self._alone_on(export):
            Runs(self.postgres, export).ask(runs, "asked", self.now())
            return self._drain(export, most)

    def _drain(self, export: Export, most: int | None) -> Tally:
        runs, tally, begun = Runs(self.postgres, export), Tally(), time.monotonic()
        self._end_orphans(export)
        while most is None or tally.intervals < most:
            run = runs.next(self.now())
            if run is None:
                break
            runs.begin(run, self.now(), self.run_id)
            try:
                written, fingerprint = self._write(export, run.interval)
            except (DestinationFailed, WrongExport, ClickHouseRefused, ClickHouseUnavailable) as error:
                told = said(export, error)
                is_final = isinstance(error, (WrongExport, DestinationForbidden))
                runs.fail(run, told, self.now(), is_final=is_final)
                raise ExportFailed(
                    f"Export {export.name!r}, {run.interval}: {told.rstrip('.')}.",
                    "Mend it, then ask for the interval again." if is_final else "It is tried again after a pause.",
                ) from None
            runs.complete(run, written, fingerprint.text, self.now())
            tally.add(run.interval, written)
            tally.seconds = time.monotonic() - begun
            self.progress(run, tally)
        return tally

    def _write(self, export: Export, interval: Interval) -> tuple[list[Written], Fingerprint]:
        rows = self.rows(export, interval)
        fingerprint = rows.fingerprint()
        target = self.opener.target(export, interval, self._about(export))
        target.begin()
        written = list(self._stretches(target, rows, fingerprint))
        target.finish(written)
        return written, fingerprint

    def _stretches(self, target: Target, rows: Rows, found: Fingerprint) -> Iterator[Written]:
        """One after the other, each as long as its bytes allow. What is too large as a file is written again, shorter:
        the same rows make the same files, since all depends on them alone.

        The first shows how large files become; of the others two are written at a time.
        """
        if not found.rows:
            return
        size = max(_FEWEST_ROWS, min(_STRETCH_ROWS, self.stretch_bytes * found.rows // max(found.bytes, 1)))
        after, number, left = None, 0, found.rows
        waiting: deque[Future[Written]] = deque()
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            while True:
                until = rows.last_key(after, size) if rows.key and left > size else None
                stretch = Stretch(after, until)
                if target.has_limit or number == 0:
                    written = target.write(number, rows, stretch)
                    if rows.key and target.is_too_large(written) and written.rows > _FEWEST_ROWS:
                        size = max(_FEWEST_ROWS, int(written.rows * _shrink(target, written)))
                        continue
                    if written.rows:
                        yield written
                    left -= written.rows
                else:
                    waiting.append(pool.submit(target.write, number, rows, stretch))
                    left -= size
                    if len(waiting) >= _AT_ONCE:
                        yield waiting.popleft().result()
                number, after = number + 1, until
                if until is None:
                    break
            for each in waiting:
                if (last := each.result()).rows:
                    yield last

    def rows(self, export: Export, interval: Interval) -> Rows:
        """The rows of an interval. Raises WrongExport."""
        project = Projects(self.postgres).get(export.team_id)
        if project is None:
            raise WrongExport("team_id", "The project is gone.")
        clickhouse = self._about(export)
        team = load_team(project, StoresOf(self.postgres, clickhouse))
        # relative dates in filters count from the interval, so that it has the same rows whenever it is exported
        return Rows(export, interval, Context(team, interval.end), clickhouse)

    def _look_for_changes(self, export: Export) -> None:
        runs, now = Runs(self.postgres, export), self.now()
        for run in outdated_runs(self.postgres, export, now):
            if self.rows(export, run.interval).fingerprint().text == run.fingerprint:
                runs.unchanged(run, now)
            else:
                runs.ask([run.interval], "changed", now)

    def _end_orphans(self, export: Export) -> None:
        """Statements of a process that was killed may go on writing, over what is written now."""
        self.clickhouse.command(
            f"KILL QUERY WHERE startsWith(query_id, {literal(query_prefix(export))}) SYNC",
            settings={"max_execution_time": 60},
        )
        hit("exports.after_orphans")

    def _about(self, export: Export) -> ClickHouse:
        return self.clickhouse.about(export=export.key, team_id=export.team_id)

    @contextmanager
    def _alone_on(self, export: Export) -> Iterator[None]:
        with self.postgres.session() as session:
            row = session.execute(
                "SELECT pg_try_advisory_lock(%s, hashtext(%s)) AS got", [_LOCK_CLASS, export.key]
            ).fetchone()
            if not (row and row["got"]):
                raise Problem(
                    f"Another process is exporting {export.name!r}.", "Look at its runs, and ask again when it is done."
                )
            try:
                yield
            finally:  # that its connection is closed is noticed a little later
                session.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", [_LOCK_CLASS, export.key])


def _shrink(target: Target, written: Written) -> float:
    most = getattr(target, "most_bytes", 0)
    return min(0.5, _SPARE * most / written.bytes) if most else 0.5
