"""Objects of the bucket that are older than they are kept: raw events of the installation, recordings by project."""

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import PREFIX, REPLAY_PREFIX, is_raw_key
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.expiry import cutoffs
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.moved import lines_of, packed
from analytics_pipelines.ingest.replacements import Replacements
from resources.object_store import ObjectStore, StoredObject
from resources.postgres import Postgres

# Deleted between two looks at who waits.
_AT_ONCE = 500


@dataclass
class ExpiredObjects:
    """What went below a prefix: `objects` and their `bytes`. `waiting` would have gone and are not loaded yet;
    `rewritten` stay without `lines` lines."""

    prefix: str
    objects: int = 0
    bytes: int = 0
    waiting: int = 0
    rewritten: int = 0
    lines: int = 0

    def public(self) -> dict[str, Any]:
        """As JSON."""
        return dict(vars(self))


@dataclass
class ObjectExpiry:
    """Removes objects of one bucket; the caller is `alone` by these replacements."""

    store: ObjectStore
    postgres: Postgres
    replacements: Replacements
    now: Callable[[], datetime]

    def raw(self, days: int | None, *, dry_run: bool = False) -> ExpiredObjects:
        """Raw objects that arrived before the last `days` UTC days and are loaded, compacted or not."""
        found, ledger = ExpiredObjects(PREFIX), Ledger(self.postgres)
        if days is None:
            return found
        for folder in self._days_before(PREFIX, self.now().date() - timedelta(days=days)):
            listed = [item for item in self.store.objects(f"{PREFIX}/{folder}") if is_raw_key(item.key)]
            loaded = ledger.claimed_keys([item.key for item in listed], only_loaded=True)
            going = [item for item in listed if item.key in loaded]
            found.waiting += len(listed) - len(going)
            self._delete(going, found, dry_run=dry_run)
            if not dry_run:
                self._forget(folder)
        return found

    def recordings(self, *, dry_run: bool = False) -> ExpiredObjects:
        """Lines of recordings that arrived before the days that their projects keep; objects go with their last."""
        found = ExpiredObjects(REPLAY_PREFIX)
        kept_from = cutoffs(self.postgres, "recording_retention_days", self.now().date())
        if not kept_from:
            return found
        known = {row["arrival_day"]: row["teams"] for row in self.postgres.rows("SELECT * FROM expired_recordings")}
        for folder in self._days_before(REPLAY_PREFIX, max(kept_from.values())):
            day = _day_of(folder)
            teams = sorted(team for team, first in kept_from.items() if day < first)
            if known.get(day) == teams:
                continue
            for item in self.store.objects(f"{REPLAY_PREFIX}/{folder}"):
                self._without(item, teams, found, dry_run=dry_run)
            if not dry_run:
                self.postgres.execute(
                    "INSERT INTO expired_recordings (arrival_day, teams) VALUES (%s, %s)"
                    " ON CONFLICT (arrival_day) DO UPDATE SET teams = EXCLUDED.teams",
                    [day, teams],
                )
        return found

    def _without(self, item: StoredObject, teams: Collection[int], found: ExpiredObjects, *, dry_run: bool) -> None:
        try:
            lines = lines_of(self.store.get(item.key))
        except zstd.ZstdError:
            return  # none of ours
        kept = [line for line in lines if _project_of(line) not in teams]
        if not kept:
            self._delete([item], found, dry_run=dry_run)
        elif len(kept) < len(lines):
            found.rewritten += 1
            found.lines += len(lines) - len(kept)
            if not dry_run:
                self.replacements.replace([item.key], packed(kept), why="expiry")

    def _delete(self, items: list[StoredObject], found: ExpiredObjects, *, dry_run: bool) -> None:
        found.objects += len(items)
        found.bytes += sum(item.size for item in items)
        if dry_run:
            return
        for start in range(0, len(items), _AT_ONCE):
            self.store.delete(item.key for item in items[start : start + _AT_ONCE])
            hit("expiry.after_objects")

    def _forget(self, folder: str) -> None:
        """Where lines of objects lay that are gone now."""
        day = _day_of(folder)
        self.postgres.execute(
            "DELETE FROM raw_moved_objects m USING raw_replacements r WHERE r.id = m.replacement_id"
            " AND r.state = 'done' AND r.arrival_hour >= %(day)s::date::timestamp AT TIME ZONE 'UTC'"
            " AND r.arrival_hour < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC' AND m.new_key IS NOT NULL",
            {"day": day},
        )

    def _days_before(self, prefix: str, first_kept: date) -> Iterable[str]:
        return [name for name in self.store.folders(prefix) if _is_day(name) and _day_of(name) < first_kept]


def _is_day(name: str) -> bool:
    try:
        _day_of(name)
    except ValueError:
        return False
    return name.startswith("dt=")


def _day_of(folder: str) -> date:
    return date.fromisoformat(folder.removeprefix("dt="))


def _project_of(line: bytes) -> Any:
    try:
        read = json.loads(line)
    except ValueError:
        return None
    return read.get("project") if isinstance(read, dict) else None
