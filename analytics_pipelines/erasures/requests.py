"""Erasures as they were asked for: what stands in Postgres of each, from the request to the proof."""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString

from psycopg.types.json import Jsonb

from analytics_pipelines.erasures.subject import Kind, State, Subject, hashes
from resources.postgres import Postgres

# An erasure that failed so often waits until a person looks at it.
MOST_ATTEMPTS = 5

_COLUMNS: LiteralString = (
    "id, team_id, kind, state, requested_at, requested_by, subject, salt, hashes, step, done, total, found, report,"
    " error, attempts, started_at, finished_at"
)


@dataclass(frozen=True)
class Erasure:
    """One request. `subject` is None once it is verified; `found` counts what was erased so far, by place.

    `step` is what is being done, `done` of `total` (0: not known) of it. `started_at` is the beginning of the last
    attempt; `error` says why it ended.
    """

    id: int
    team_id: int
    kind: Kind
    state: State
    requested_at: datetime
    requested_by: str
    subject: Subject | None
    salt: bytes
    hashes: list[bytes]
    step: str
    done: int
    total: int
    found: dict[str, int]
    report: dict[str, Any] | None
    error: str | None
    attempts: int
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.state not in ("verified", "failed")

    def public(self) -> dict[str, Any]:
        """As the API and the CLI show it: numbers and names of places, nothing of whom it was about."""
        return {
            "id": self.id,
            "project_id": self.team_id,
            "kind": self.kind,
            "state": self.state,
            "requested_at": self.requested_at.isoformat(),
            "requested_by": self.requested_by,
            "progress": {"step": self.step, "done": self.done, "total": self.total},
            "attempts": self.attempts,
            "error": self.error,
            "started_at": self.started_at.isoformat() if self.started_at else None,
            "finished_at": self.finished_at.isoformat() if self.finished_at else None,
            "report": self.report,
        }


class Erasures:
    """Reads and writes `erasures`."""

    def __init__(self, postgres: Postgres) -> None:
        self._postgres = postgres

    def request(self, team_id: int, subject: Subject, *, by: str, now: datetime) -> Erasure:
        """Ask for one: of all that is received until `now`, to the millisecond."""
        salt = secrets.token_bytes(16)
        until = now.replace(microsecond=now.microsecond // 1000 * 1000)
        row = self._postgres.row(
            "INSERT INTO erasures (team_id, kind, requested_at, requested_by, subject, salt, hashes)"
            f" VALUES (%s, %s, %s, %s, %s, %s, %s) RETURNING {_COLUMNS}",
            [team_id, subject.kind, until, by, Jsonb(subject.stored()), salt, hashes(salt, subject.words)],
        )
        assert row is not None  # noqa: S101  an INSERT … RETURNING
        return _read(row)

    def find(self, erasure_id: int, team_id: int | None = None) -> Erasure | None:
        """The erasure of that id (of a project)."""
        row = self._postgres.row(
            f"SELECT {_COLUMNS} FROM erasures WHERE id = %s AND (%s::bigint IS NULL OR team_id = %s)",
            [erasure_id, team_id, team_id],
        )
        return _read(row) if row else None

    def page(self, team_id: int | None, limit: int, offset: int) -> tuple[list[Erasure], int]:
        """Some, the newest first (of one project), and how many there are in all."""
        rows = self._postgres.rows(
            f"SELECT {_COLUMNS}, count(*) OVER () AS of_all FROM erasures"
            " WHERE %s::bigint IS NULL OR team_id = %s ORDER BY id DESC LIMIT %s OFFSET %s",
            [team_id, team_id, limit, offset],
        )
        count = rows[0]["of_all"] if rows else 0
        return [_read({name: row[name] for name in row if name != "of_all"}) for row in rows], count

    def to_do(self, only: Collection[int] = ()) -> list[Erasure]:
        """Those that are to be done, oldest first; or of `only` these all that are not verified, also failed ones."""
        rows = self._postgres.rows(
            f"SELECT {_COLUMNS} FROM erasures WHERE CASE WHEN %(all)s THEN state NOT IN ('verified', 'failed')"
            " ELSE id = ANY(%(only)s) AND state <> 'verified' END ORDER BY id",
            {"all": not only, "only": list(only)},
        )
        return [_read(row) for row in rows]

    def is_any_due(self, now: datetime) -> bool:
        """Whether any is to be done now: one that was broken off waits, twice as long after each further attempt."""
        row = self._postgres.row(
            "SELECT 1 FROM erasures WHERE state NOT IN ('verified', 'failed') AND (started_at IS NULL"
            " OR started_at <= %s - make_interval(mins => power(2, attempts - 1)::int))"
            " OR report->>'compacted' = 'false' LIMIT 1",
            [now],
        )
        return row is not None

    def verified_since(self, moment: datetime) -> list[Erasure]:
        """Those that are verified and were asked for since then, oldest first."""
        rows = self._postgres.rows(
            f"SELECT {_COLUMNS} FROM erasures WHERE state = 'verified' AND requested_at >= %s ORDER BY id", [moment]
        )
        return [_read(row) for row in rows]

    def begin(self, erasure_id: int, run_id: str | None, now: datetime) -> None:
        """An attempt begins; also one of an erasure that had failed."""
        self._postgres.execute(
            "UPDATE erasures SET state = 'pending', attempts = attempts + 1, run_id = %s, error = NULL,"
            " finished_at = NULL, started_at = %s WHERE id = %s AND state <> 'verified'",
            [run_id, now, erasure_id],
        )

    def move(self, erasure_id: int, state: State) -> None:
        """It is that far."""
        self._postgres.execute("UPDATE erasures SET state = %s WHERE id = %s", [state, erasure_id])

    def note(self, erasure_id: int, step: str, done: int = 0, total: int = 0) -> None:
        """What is being done."""
        self._postgres.execute(
            "UPDATE erasures SET step = %s, done = %s, total = %s WHERE id = %s", [step, done, total, erasure_id]
        )

    def narrow(self, erasure: Erasure, subject: Subject) -> None:
        """Who is meant, as it is known by now."""
        self._postgres.execute(
            "UPDATE erasures SET subject = %s, hashes = %s WHERE id = %s",
            [
                Jsonb(subject.stored()),
                sorted({*erasure.hashes, *hashes(erasure.salt, subject.words)}),
                erasure.id,
            ],
        )

    def add_found(self, erasure_id: int, found: Mapping[str, int]) -> None:
        """So many rows were just found in these places; they are about to go, or it is broken off and they are found
        again, so that of two counts of a place the larger stands."""
        row = self._postgres.row("SELECT found FROM erasures WHERE id = %s", [erasure_id])
        known = row["found"] if row else {}
        merged = {**known, **{place: max(rows, known.get(place, 0)) for place, rows in found.items()}}
        self._postgres.execute("UPDATE erasures SET found = %s WHERE id = %s", [Jsonb(merged), erasure_id])

    def fail(self, erasure_id: int, error: str, now: datetime) -> None:
        """An attempt ended; the last of MOST_ATTEMPTS was the last."""
        self._postgres.execute(
            "UPDATE erasures SET error = %s, finished_at = CASE WHEN attempts >= %s THEN %s::timestamptz END,"
            " state = CASE WHEN attempts >= %s THEN 'failed' ELSE 'pending' END WHERE id = %s",
            [error, MOST_ATTEMPTS, now, MOST_ATTEMPTS, erasure_id],
        )

    def verify(self, erasure_id: int, report: Mapping[str, Any], now: datetime) -> None:
        """It is proven: from here on nothing says who was meant."""
        self._postgres.execute(
            "UPDATE erasures SET state = 'verified', subject = NULL, report = %s, step = '', done = 0, total = 0,"
            " error = NULL, finished_at = %s WHERE id = %s",
            [Jsonb(dict(report)), now, erasure_id],
        )

    def not_compacted(self) -> list[Erasure]:
        """Verified ones that were broken off before their bytes were gone from Postgres' files."""
        rows = self._postgres.rows(
            f"SELECT {_COLUMNS} FROM erasures WHERE state = 'verified' AND report->>'compacted' = 'false' ORDER BY id"
        )
        return [_read(row) for row in rows]

    def note_compacted(self, erasure_id: int, *, everywhere: bool) -> None:
        """The bytes are gone; `everywhere`: of no table was it left to the server's own clearing up."""
        self._postgres.execute(
            "UPDATE erasures SET report = report || %s WHERE id = %s",
            [Jsonb({"compacted": True, "written_anew": everywhere}), erasure_id],
        )

    def note_resurfaced(self, erasure_id: int, now: datetime) -> None:
        """Something of it is stored again."""
        self._postgres.execute("UPDATE erasures SET resurfaced_at = %s WHERE id = %s", [now, erasure_id])

    def reopen(self, erasure: Erasure, subject: Subject) -> None:
        """Something of it came to light later: it is erased once more."""
        self._postgres.execute(
            "UPDATE erasures SET state = 'requested', subject = %s, attempts = 0, started_at = NULL, finished_at = NULL"
            " WHERE id = %s",
            [Jsonb(subject.stored()), erasure.id],
        )


def _read(row: Mapping[str, Any]) -> Erasure:
    known: dict[str, Any] = dict(row)
    known["subject"] = Subject.read(row["kind"], row["subject"]) if row["subject"] is not None else None
    known["hashes"] = [bytes(each) for each in row["hashes"]]
    return Erasure(**{**known, "salt": bytes(row["salt"])})
