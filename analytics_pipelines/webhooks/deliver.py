"""All destinations at once: who has something to do gets a thread for a short turn, so that none waits for another."""

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from analytics_pipelines.faults import InjectedFault
from analytics_pipelines.lock_classes import LockClass
from analytics_pipelines.outbound.addresses import Allowed
from analytics_pipelines.outbound.client import TOTAL_SECONDS, Outbound
from analytics_pipelines.problems import Fault, Problem
from analytics_pipelines.settings import Settings
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.webhooks.feed import forget_seen
from analytics_pipelines.webhooks.matching import MOST_PENDING, Matcher
from analytics_pipelines.webhooks.sending import Patience, Sender
from analytics_pipelines.webhooks.store import Destination, Destinations
from resources.clickhouse import ClickHouse
from resources.postgres import Connection, Postgres, count_locks

# With (LOCK_CLASS, 0) one run goes on; the next waits for it, and its holder ends when someone waits. With the id of a
# destination nobody else sends to it.
LOCK_CLASS, RELAY = LockClass.DELIVERIES.value, 0
MOST_AT_ONCE = 64
TURN_SECONDS = 10.0
_TRIM_SECONDS = 60.0
# After an error that is no receiver's: filters that can't be understood any more, a store that is away.
_TROUBLE_SECONDS = 15.0
_LAST_LOOK_SECONDS = 1.0

_log = logging.getLogger(__name__)


@dataclass
class Tally:
    """What was done for a destination."""

    found: int = 0
    delivered: int = 0
    failed: int = 0
    parked: int = 0
    error: str = ""

    def public(self) -> dict[str, int]:
        """As metadata."""
        return {"found": self.found, "delivered": self.delivered, "failed": self.failed, "parked": self.parked}


@dataclass
class Deliverer:
    """Delivers on behalf of one run. `tallies` grows by destination."""

    postgres: Postgres
    clickhouse: ClickHouse
    settings: Settings
    patience: Patience = field(default_factory=Patience)
    total_seconds: float = TOTAL_SECONDS
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    tallies: dict[int, Tally] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Settings, comment: Mapping[str, Any]) -> "Deliverer":
        """The deliverer of these settings; `comment` goes with its statements as `log_comment`."""
        return cls(
            postgres=Postgres(settings.need_postgres(), pool_size=16),
            clickhouse=ClickHouse(settings.need_clickhouse(), comment),
            settings=settings,
        )

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._not_before: dict[int, float] = {}

    def linger(
        self,
        seconds: float,
        poll: float,
        between: Callable[[], None] = lambda: None,
        trouble: Callable[[Exception], None] = lambda _: None,
    ) -> None:
        """Deliver what waits and what arrives until `seconds` are over or a successor waits.

        Waits first for a predecessor to end. When Postgres or ClickHouse is away `trouble` is told and it goes on.
        """
        with self.postgres.session() as session, self._threads() as threads:
            session.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, RELAY])
            end, trimmed = time.monotonic() + seconds, -_TRIM_SECONDS
            turns: dict[int, Future[None]] = {}
            while time.monotonic() < end and not someone_waits(session):
                try:
                    self._begin_turns(session, threads, turns)
                    if time.monotonic() - trimmed >= _TRIM_SECONDS:
                        trimmed = time.monotonic()
                        forget_seen(self.postgres)
                    between()
                except Fault as error:
                    trouble(error)
                time.sleep(min(poll, max(0.0, end - time.monotonic())))
            session.execute("SELECT pg_advisory_unlock(%s, %s)", [LOCK_CLASS, RELAY])
            self._end_turns(session, turns)

    def deliver(self, only: Collection[int]) -> None:
        """Deliver what waits for these destinations, then return; what failed is not waited for."""
        with self.postgres.session() as session, self._threads() as threads:
            turns: dict[int, Future[None]] = {}
            while True:
                before = {id_: vars(tally).copy() for id_, tally in self.tallies.items()}
                self._begin_turns(session, threads, turns, only)
                wait(turns.values())
                self._unlock_done(session, turns)
                if before == {id_: vars(tally) for id_, tally in self.tallies.items()}:
                    return

    def take_tallies(self) -> dict[int, Tally]:
        """What was done since this was last asked."""
        with self._lock:
            taken, self.tallies = self.tallies, {}
        return taken

    def _begin_turns(
        self,
        session: Connection,
        threads: ThreadPoolExecutor,
        turns: dict[int, Future[None]],
        only: Collection[int] | None = None,
    ) -> None:
        self._unlock_done(session, turns)
        for team_id, id_ in self._with_work():
            if id_ in turns or (only is not None and id_ not in only):
                continue
            if time.monotonic() < self._not_before.get(id_, 0.0):
                continue
            row = session.execute("SELECT pg_try_advisory_lock(%s, %s::integer) AS got", [LOCK_CLASS, id_]).fetchone()
            if row and row["got"]:
                turns[id_] = threads.submit(self._turn, team_id, id_)

    def _unlock_done(self, session: Connection, turns: dict[int, Future[None]]) -> None:
        for id_ in [id_ for id_, turn in turns.items() if turn.done()]:
            turn = turns.pop(id_)
            session.execute("SELECT pg_advisory_unlock(%s, %s::integer)", [LOCK_CLASS, id_])
            turn.result()

    def _end_turns(self, session: Connection, turns: dict[int, Future[None]]) -> None:
        """A successor goes on with each destination as soon as its turn is over: none waits for a receiver that hangs
        but its own."""
        self._stop.set()
        while turns:
            wait(turns.values(), timeout=_LAST_LOOK_SECONDS, return_when=FIRST_COMPLETED)
            self._unlock_done(session, turns)

    def _with_work(self) -> list[tuple[int, int]]:
        """(team, destination) of those that have something to look through, or to send by now."""
        rows = self.postgres.rows(
            "SELECT d.team_id, d.id FROM webhook_destinations d CROSS JOIN LATERAL (SELECT count(*) AS n FROM"
            " (SELECT 1 FROM webhook_deliveries WHERE destination_id = d.id AND state = 'pending' LIMIT %(most)s) s) q"
            " WHERE d.enabled AND NOT d.deleted AND ((q.n < %(most)s AND"
            " d.seen < (SELECT coalesce(max(number), 0) FROM visible_batches))"
            " OR (q.n > 0 AND (d.retry_at IS NULL OR d.retry_at <= %(now)s)))",
            {"most": MOST_PENDING, "now": self.now()},
        )
        return [(row["team_id"], row["id"]) for row in rows]

    def _turn(self, team_id: int, destination_id: int) -> None:
        """Find and send for a while. What goes wrong is the destination's own; the next turn tries again."""
        tally = Tally()
        try:
            destination = Destinations(self.postgres, team_id).find(destination_id)
            if destination is not None:
                self._find_and_send(destination, tally)
        except InjectedFault:
            raise
        except Exception as error:  # whatever is wrong with one destination must not end the others' turns
            tally.error = str(error) if isinstance(error, (Fault, Problem, QueryError)) else repr(error)
            _log.warning("destination %s: %s", destination_id, tally.error)
            self._not_before[destination_id] = time.monotonic() + _TROUBLE_SECONDS
            self._note_trouble(destination_id, tally.error)
        finally:
            with self._lock:
                kept = self.tallies.setdefault(destination_id, Tally())
                for name, number in tally.public().items():
                    setattr(kept, name, getattr(kept, name) + number)
                kept.error = tally.error or kept.error

    def _find_and_send(self, destination: Destination, tally: Tally) -> None:
        end = time.monotonic() + TURN_SECONDS
        matcher = Matcher(self.postgres, self.clickhouse, self.settings, self.now)
        allowed = Allowed.parse(self.settings.outbound_allowed)
        with Outbound(allowed, total_seconds=self.total_seconds) as client:
            sender = Sender(self.postgres, self.settings, client, self.patience, self.now)
            while not self._stop.is_set() and time.monotonic() < end:
                found = matcher.match(destination)
                sent = sender.send(destination, max(0.0, end - time.monotonic()), self._stop.is_set)
                tally.found += found or 0
                tally.delivered += sent.delivered
                tally.failed += sent.failed
                tally.parked += sent.parked
                if found is None:
                    return

    def _note_trouble(self, destination_id: int, text: str) -> None:
        """Shown where a person looks, when the store that it is to be written to is there."""
        try:
            self.postgres.execute(
                "UPDATE webhook_destinations SET last_error = %s, last_failure_at = %s WHERE id = %s",
                [text[:500], self.now(), destination_id],
            )
        except Fault:
            return

    @contextmanager
    def _threads(self) -> Iterator[ThreadPoolExecutor]:
        self._stop.clear()
        with ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="webhooks") as threads:
            try:
                yield threads
            finally:
                self._stop.set()


def someone_waits(session: Connection) -> bool:
    """Whether another run waits to take over."""
    return count_locks(session, LOCK_CLASS, RELAY, granted=False) > 0


def someone_delivers(session: Connection) -> bool:
    """Whether a run goes on now."""
    return count_locks(session, LOCK_CLASS, RELAY, granted=True) > 0


def anyone_to_tell(postgres: Postgres) -> bool:
    """Whether there is a destination that anything is sent to."""
    return postgres.row("SELECT 1 FROM webhook_destinations WHERE enabled AND NOT deleted LIMIT 1") is not None


def destination_keys(postgres: Postgres) -> dict[int, str]:
    """The partitions of `webhook_deliveries`, `<project>-<id>`, by the destination's id."""
    rows = postgres.rows("SELECT team_id, id FROM webhook_destinations WHERE NOT deleted ORDER BY team_id, id")
    return {row["id"]: f"{row['team_id']}-{row['id']}" for row in rows}
