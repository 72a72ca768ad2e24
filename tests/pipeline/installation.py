"""One installation over a bucket: what schedules and people do to it, and what its tables hold then."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from backports import zstd
from naive_tables import Id, Tables, naive_tables

from analytics_pipelines import faults
from analytics_pipelines.catalog.rebuild import Catalog
from analytics_pipelines.faults import InjectedFault
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.persons.deletion import delete_person
from analytics_pipelines.persons.squash import Squash
from analytics_pipelines.persons.undo import remerge, unmerge
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ROLLUPS
from analytics_pipelines.sql.compiler import compile_select
from analytics_pipelines.sql.scope import Scope
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
TEAMS = (1, 2)
BOUNCE_SECONDS = 10.0
_KEPT = {"schema_migrations", "projects", "organizations"}


@contextmanager
def broken_off_at(point: str, passes: int = 1) -> Iterator[None]:
    """Raise at a pass of a fault point, and go on behind the block."""
    faults._plan[point] = ("raise", passes)
    try:
        yield
    except InjectedFault:
        pass
    finally:
        faults._plan.clear()
        faults._passes.clear()


@dataclass
class Installation:
    """The stores; `now` is the time by which decisions of people and all else is stamped."""

    store: ObjectStore
    postgres: Postgres
    clickhouse: ClickHouse
    now: datetime = NOW

    def drain(self, batch_objects: int = 2) -> None:
        Drain(
            self.store, self.postgres, self.clickhouse, batch_objects, 1 << 20, run_id="run", now=lambda: NOW
        ).everything()

    def replay(self, first: date, last: date | None = None) -> None:
        Replay(self.store, self.postgres, self.clickhouse, 100, 1 << 20, run_id="again", now=lambda: NOW).days(
            first, last or first
        )

    def squash(self) -> None:
        squash = Squash(self.postgres, self.clickhouse, lambda: self.now)
        squash.snapshot()
        squash.rewrite()
        squash.fold()

    def edges(self, *, denied: bool = False) -> list[tuple[int, UUID]]:
        """Edges that are in force, or those taken back."""
        rows = self.postgres.rows(
            "SELECT team_id, uuid, denial.uuid IS NOT NULL AS denied FROM merge_log"
            " LEFT JOIN merge_denials AS denial USING (team_id, uuid) ORDER BY team_id, uuid"
        )
        return [(row["team_id"], row["uuid"]) for row in rows if row["denied"] == denied]

    def unmerge(self, team: int, edge: UUID) -> None:
        unmerge(self.postgres, self.clickhouse, team, [edge], by="ada", now=self.now)

    def remerge(self, team: int, edge: UUID) -> None:
        remerge(self.postgres, self.clickhouse, team, [edge], now=self.now)

    def delete(self, team: int, distinct_id: str) -> None:
        delete_person(self.postgres, self.clickhouse, team, distinct_id, self.now)

    def known_ids(self) -> list[Id]:
        rows = self.clickhouse.query(
            "SELECT team_id, distinct_id FROM person_distinct_ids FINAL WHERE is_deleted = 0 ORDER BY ALL"
        ).rows
        return list(rows)

    def roll_up(self, first: date, last: date, *, only_changed: bool = True) -> None:
        builder = Builder(self.postgres, self.clickhouse, BOUNCE_SECONDS, now=lambda: NOW)
        for rollup in ROLLUPS:
            builder.catch_up(rollup, Days(first, last), only_changed=only_changed)

    def mend_names(self) -> None:
        Catalog(self.postgres, self.clickhouse, lambda: NOW).mend()

    def denied(self) -> frozenset[UUID]:
        return frozenset(row["uuid"] for row in self.postgres.rows("SELECT uuid FROM merge_denials"))

    def deleted(self) -> dict[Id, datetime]:
        rows = self.postgres.rows(
            "SELECT team_id, distinct_id, deleted_at FROM distinct_ids WHERE deleted_at IS NOT NULL"
        )
        return {(row["team_id"], row["distinct_id"]): row["deleted_at"] for row in rows}

    def lines(self) -> list[bytes]:
        """All lines in the bucket."""
        return [
            line
            for item in self.store.objects("raw/v1")
            for line in zstd.decompress(self.store.get(item.key)).split(b"\n")
            if line
        ]

    def expected(self) -> Tables:
        """By the naive way."""
        return naive_tables(self.lines(), self.denied(), self.deleted())

    def decide_like(self, other: "Installation") -> None:
        """Take over what people decided there, before anything is loaded here."""
        for row in other.postgres.rows("SELECT * FROM merge_denials"):
            self.postgres.execute(
                "INSERT INTO merge_denials (team_id, uuid, denied_by, denied_at)"
                " VALUES (%(team_id)s, %(uuid)s, %(denied_by)s, %(denied_at)s)",
                row,
            )
        for row in other.postgres.rows("SELECT * FROM distinct_ids WHERE deleted_at IS NOT NULL"):
            self.postgres.execute(
                "INSERT INTO distinct_ids (team_id, distinct_id, person_id, own_person_id, version, is_personful,"
                " deleted_at) VALUES (%(team_id)s, %(distinct_id)s, %(own_person_id)s, %(own_person_id)s,"
                " nextval('person_versions'), false, %(deleted_at)s)",
                row,
            )

    def empty(self, store: ObjectStore) -> None:
        """As if it had just been made, over another bucket."""
        self.store, self.now = store, NOW
        rows = self.clickhouse.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        ).rows
        for (name,) in rows:
            if name not in _KEPT:
                self.clickhouse.command(f"TRUNCATE TABLE {name}")
        names = [
            row["tablename"]
            for row in self.postgres.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        ]
        with self.postgres.transaction() as connection:
            connection.execute(f"TRUNCATE {', '.join(set(names) - _KEPT)}")
            connection.execute("SELECT setval('person_versions', 1, false)")

    def tables(self) -> Tables:
        """What questions find."""
        found = Tables()
        for team in TEAMS:
            self._ask(found, team)
        found.dead_letters = Counter(
            dict(self._keyed("SELECT team_id, reason, lower(hex(MD5(line))), count() FROM dead_letters GROUP BY ALL"))
        )
        found.dropped = Counter(
            dict(self._keyed("SELECT team_id, rule, event, sum(events) FROM dropped_events GROUP BY ALL"))
        )
        found.lines = sum(row["lines"] for row in self.postgres.rows("SELECT lines FROM ingest_batches"))
        for team, person, born, text, is_identified in self.clickhouse.query(
            "SELECT team_id, id, created_at, properties, is_identified FROM persons FINAL WHERE is_deleted = 0"
        ).rows:
            found.persons[team, person] = (born, json.loads(text), is_identified)
        found.ids = dict(
            self._keyed("SELECT team_id, distinct_id, person_id FROM person_distinct_ids FINAL WHERE is_deleted = 0")
        )
        for team, kind, key, born, text in self.clickhouse.query(
            "SELECT team_id, type, key, created_at, properties FROM groups"
        ).rows:
            found.groups[team, kind, key] = (born, json.loads(text))
        for team, name, *numbers in self.clickhouse.query(
            "SELECT team_id, name, volume, first_seen, last_seen FROM event_catalog"
        ).rows:
            found.names[team, name] = tuple(numbers)
        return found

    def _ask(self, found: Tables, team: int) -> None:
        for uuid, *row in self._asked("SELECT uuid, event, distinct_id, timestamp, person_id FROM events", team):
            assert (team, uuid) not in found.events, "an event is found twice"
            found.events[team, uuid] = tuple(row)
        for session, *row in self.clickhouse.query(
            f"SELECT session_id, events, start, `end`, person_id FROM sessions WHERE team_id = {team}"
        ).rows:
            assert (team, session) not in found.sessions, "a session is found twice"
            found.sessions[team, session] = tuple(row)
        for day, event, *numbers in self.clickhouse.query(
            "SELECT day, event, sum(events), uniqExactMerge(people) FROM event_counts_hourly"
            f" WHERE team_id = {team} GROUP BY day, event"
        ).rows:
            found.event_counts[team, day, event] = tuple(numbers)

    def _asked(self, question: str, team: int) -> list[tuple[Any, ...]]:
        compiled = compile_select(f"{question} LIMIT 10000", Scope(team))
        return self.clickhouse.query(compiled.sql, compiled.parameters, {"join_use_nulls": 1}).rows

    def _keyed(self, sql: str) -> Iterator[tuple[Any, Any]]:
        return ((tuple(keys), value) for *keys, value in self.clickhouse.query(sql).rows)

    def assert_accounts_hold(self) -> None:
        """The ledger knows each object of the bucket, and what became of each line."""
        keys = {item.key for item in self.store.objects("raw/v1")}
        assert {row["key"] for row in self.postgres.rows("SELECT key FROM ingest_objects")} == keys
        for batch in self.postgres.rows("SELECT * FROM ingest_batches"):
            assert (batch["state"], batch["recount"]) == ("loaded", False), batch
            assert batch["duplicates"] >= 0, batch
            told = ("events", "duplicates", "dead_letters", "dropped")
            assert batch["lines"] == sum(batch[name] for name in told), batch
            for table, column in (
                ("events", "events"),
                ("dead_letters", "dead_letters"),
                ("dropped_events", "dropped"),
            ):
                (stored,) = self.clickhouse.query(
                    f"SELECT count() FROM {table} WHERE batch_id = {{batch:UUID}}", {"batch": str(batch["id"])}
                ).one()
                assert stored == batch[column], (table, batch)
        left = self.clickhouse.query(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND match(name,"
            " '^(staged_|published_|stored_|persons_[a-z]+_[0-9a-f]{32}|events_|dead_letters_of|dropped_events_of|"
            "superseding_of|building_|named_groups_|shapes_|seen_|listed_|rebuilt_|gathered_|stale_)')"
        ).rows
        assert left == []
