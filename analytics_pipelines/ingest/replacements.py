"""Raw objects take the place of others: few large ones of many small, or one without lines that must go.

What was done is told by Postgres: the plan is written before anything changes, the new object is read back, and the old
ones go when it counts. Whoever comes next brings what was broken off to its end, or takes it back.
"""

import hashlib
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from analytics_pipelines.events.keys import REPLAY_PREFIX, arrival_hour
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.locks import REPLAY, held
from analytics_pipelines.ingest.moved import MovedObjects, Place, lines_of
from analytics_pipelines.problems import Fault
from resources.object_store import ObjectStore, StoreUnavailable
from resources.postgres import Postgres

_NAME = re.compile(r"(?P<hour>.*/dt=[\d-]{10}/hour=\d\d)/(?P<ms>\d{13})-(?P<node>[a-z0-9]+)-[0-9a-f]{16}\.jsonl\.zst")


class NotReplaceable(Fault):
    """These objects are not loaded yet, or are no objects of ours, or the new lines are none of theirs."""


@dataclass(frozen=True)
class _Plan:
    """A row of `raw_replacements`."""

    id: int
    new_key: str | None
    old_keys: list[str]
    state: str


@dataclass
class Replacements:
    """Replaces objects in one bucket. Each call waits for replays, and for other replacements, to end."""

    store: ObjectStore
    postgres: Postgres
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _is_alone: bool = field(default=False, repr=False)

    def __post_init__(self) -> None:
        self._moved = MovedObjects(self.store, self.postgres)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No day is loaded again meanwhile, and nobody else replaces; what was broken off is healed.

        Calls within it do not wait again.
        """
        if self._is_alone:
            yield
            return
        with self.postgres.session() as session, held(session, REPLAY):
            self._heal()
            self._is_alone = True
            try:
                yield
            finally:
                self._is_alone = False

    def heal(self) -> None:
        """Finish what was broken off, or take it back where the new object never came to be."""
        with self.alone():
            pass

    def replace(
        self, old_keys: Sequence[str], payload: bytes | None, *, why: str, node: str | None = None
    ) -> str | None:
        """Put an object of these bytes, or none, in the place of objects of one arrival hour; its key.

        `old_keys` are in order, and the payload's lines are theirs in their order, some left out or none. Event objects
        must be loaded; parts of session recordings need not. `node` stands in the key; None: as in the first old one.
        Raises FileNotFoundError when one is gone (replaced meanwhile, or expired), NotReplaceable, StoreUnavailable,
        PostgresUnavailable.
        """
        with self.alone():
            plan = self._plan(old_keys, payload, why, node)
            hit("replacements.after_plan")
            if plan.new_key is not None and payload is not None:
                self.store.put(plan.new_key, payload)
                hit("replacements.after_put")
                if self.store.get(plan.new_key) != payload:
                    raise StoreUnavailable(f"{plan.new_key} came back changed")
            self._finish(plan)
            return plan.new_key

    def _plan(self, old_keys: Sequence[str], payload: bytes | None, why: str, node: str | None) -> _Plan:
        self._refuse_unloaded(old_keys)
        olds = [self.store.get(key) for key in old_keys]
        new_key = self._free_key(old_keys[0], node, payload) if payload is not None else None
        new = lines_of(payload) if payload is not None else []
        moved = self._moves(old_keys, [lines_of(frames) for frames in olds], new)
        row = self.postgres.row(
            "INSERT INTO raw_replacements (new_key, old_keys, arrival_hour, why, state, old_objects, old_bytes,"
            " new_bytes, lines, moved_keys, first_lines, line_counts, planned_at)"
            " VALUES (%s, %s, %s, %s, 'planned', %s, %s, %s, %s, %s, %s, %s, %s)"
            " ON CONFLICT (new_key) DO UPDATE SET old_keys = EXCLUDED.old_keys, why = EXCLUDED.why, state = 'planned',"
            " old_objects = EXCLUDED.old_objects, old_bytes = EXCLUDED.old_bytes, lines = EXCLUDED.lines,"
            " moved_keys = EXCLUDED.moved_keys, first_lines = EXCLUDED.first_lines,"
            " line_counts = EXCLUDED.line_counts, planned_at = EXCLUDED.planned_at"
            " WHERE raw_replacements.state = 'given_up' RETURNING id, new_key, old_keys, state",
            [
                new_key,
                list(old_keys),
                _hour(old_keys[0]),
                why,
                len(old_keys),
                sum(map(len, olds)),
                len(payload or b""),
                len(new),
                list(moved),
                [place.first for place in moved.values()],
                [place.lines for place in moved.values()],
                self.now(),
            ],
        )
        if row is None:
            raise NotReplaceable(f"{new_key} has taken a place already")
        return _Plan(**row)

    def _free_key(self, old_key: str, node: str | None, payload: bytes) -> str:
        """A key that no other object has: one may hold the same lines, and be another."""
        key = _new_key(old_key, node, payload)
        given_up = self.postgres.row("SELECT 1 FROM raw_replacements WHERE new_key = %s AND state = 'given_up'", [key])
        if given_up:
            return key
        try:
            self.store.get(key)
        except FileNotFoundError:
            return key
        return self._free_key(old_key, f"{_parts(key)['node']}x", payload)

    def _refuse_unloaded(self, keys: Sequence[str]) -> None:
        if not keys or len({_parts(key)["hour"] for key in keys}) != 1:
            raise NotReplaceable("objects of one arrival hour are replaced at a time")
        if keys[0].startswith(REPLAY_PREFIX):
            return
        waiting = set(keys) - Ledger(self.postgres).claimed_keys(list(keys), only_loaded=True)
        if waiting:
            raise NotReplaceable(f"{min(waiting)} is not loaded yet")

    def _moves(self, old_keys: Sequence[str], olds: Sequence[list[bytes]], new: Sequence[bytes]) -> dict[str, Place]:
        """Where the lines go of these objects, and of those whose lines moved into them before."""
        earlier: dict[str | None, list[tuple[str, Place]]] = {}
        for row in self.postgres.rows(
            "SELECT key, new_key, first_line, lines FROM raw_moved_objects WHERE new_key = ANY(%s)", [list(old_keys)]
        ):
            place = Place(row["new_key"], row["first_line"], row["lines"])
            earlier.setdefault(place.key, []).append((row["key"], place))
        moves: dict[str, Place] = {}
        at = 0
        for key, lines in zip(old_keys, olds, strict=True):
            start, stays = at, []
            for number, line in enumerate(lines):
                if at < len(new) and new[at] == line:
                    stays.append(number)
                    at += 1
            moves[key] = Place(None, start, at - start)
            for moved, place in earlier.get(key, []):
                first, end = bisect_left(stays, place.first), bisect_left(stays, place.first + place.lines)
                moves[moved] = Place(None, start + first, end - first)
        if at != len(new):
            raise NotReplaceable(f"{len(new) - at} of {len(new)} lines are none of the objects that they replace")
        return moves

    def _heal(self) -> None:
        rows = self.postgres.rows(
            "SELECT id, new_key, old_keys, state FROM raw_replacements"
            " WHERE state IN ('planned', 'swapped') ORDER BY id"
        )
        for plan in (_Plan(**row) for row in rows):
            if plan.state == "swapped" or (plan.new_key and self._is_whole(plan.new_key)):
                self._finish(plan)
            else:  # it may come yet, from a store that was slow to take it
                self.postgres.execute("UPDATE raw_replacements SET state = 'given_up' WHERE id = %s", [plan.id])
        self._forget_what_nobody_names()

    def _is_whole(self, key: str) -> bool:
        """Whether the object is there, by the hash in its name."""
        try:
            return key == _new_key(key, None, self.store.get(key))
        except FileNotFoundError:
            return False

    def _finish(self, plan: _Plan) -> None:
        """The new object counts from here on, and the old ones go. May be repeated."""
        with self.postgres.transaction() as connection:
            connection.execute(
                "INSERT INTO raw_moved_objects (key, replacement_id, new_key, first_line, lines)"
                " SELECT m.key, r.id, r.new_key, m.first_line, m.lines FROM raw_replacements r,"
                " unnest(r.moved_keys, r.first_lines, r.line_counts) AS m (key, first_line, lines)"
                " WHERE r.id = %s AND r.state = 'planned' ON CONFLICT (key) DO UPDATE"
                " SET replacement_id = EXCLUDED.replacement_id, new_key = EXCLUDED.new_key,"
                " first_line = EXCLUDED.first_line, lines = EXCLUDED.lines",
                [plan.id],
            )
            connection.execute(
                "UPDATE raw_replacements SET state = 'swapped', moved_keys = '{}', first_lines = '{}',"
                " line_counts = '{}' WHERE id = %s AND state = 'planned'",
                [plan.id],
            )
        hit("replacements.after_swap")
        for key in plan.old_keys:
            self.store.delete([key])
            hit("replacements.after_delete")
        self.postgres.execute(
            "UPDATE raw_replacements SET state = 'done', old_keys = '{}', done_at = %s WHERE id = %s",
            [self.now(), plan.id],
        )
        hit("replacements.after_done")

    def _forget_what_nobody_names(self) -> None:
        """Objects that no batch names any more, since their day was loaded again, are looked for nowhere."""
        self.postgres.execute(
            "DELETE FROM raw_moved_objects m USING raw_replacements r WHERE r.id = m.replacement_id"
            " AND r.state = 'done' AND NOT EXISTS (SELECT FROM ingest_objects o WHERE o.key = m.key)"
            " AND NOT EXISTS (SELECT FROM replay_objects o WHERE o.key = m.key)"
        )


def _parts(key: str) -> dict[str, Any]:
    match = _NAME.fullmatch(key)
    if match is None:
        raise NotReplaceable(f"{key} is no object of ours")
    return match.groupdict()


def _hour(key: str) -> datetime:
    return arrival_hour(key.removeprefix(REPLAY_PREFIX.removesuffix("raw/v1")))


def _new_key(old_key: str, node: str | None, payload: bytes) -> str:
    """Received when the old one was, so that it sorts where that did."""
    parts = _parts(old_key)
    digest = hashlib.sha256(payload).hexdigest()[:16]
    return f"{parts['hour']}/{parts['ms']}-{node or parts['node']}-{digest}.jsonl.zst"
