"""Who and what an erasure is about, in tables of ClickHouse of its own: ids travel in no statement's text, where a
mutation or a log would keep them.

The tables only grow until the erasure is done, so what one attempt found, and has perhaps erased, the next still knows.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.erasures.lines import LineFilter
from analytics_pipelines.erasures.requests import Erasure
from analytics_pipelines.erasures.statements import statement
from analytics_pipelines.erasures.subject import EventFilter
from analytics_pipelines.insights.filters import PropertyFilter, all_of, condition, joined
from analytics_pipelines.insights.kinds import parse_as
from analytics_pipelines.insights.team import Context
from analytics_pipelines.problems import Problem
from analytics_pipelines.queries.team import StoresOf, load_team
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

TABLES = ("events", "ids", "persons", "others", "groups", "letters", "names", "batches")

# Their uuids are held in memory while lines are looked through.
MOST_EVENTS = 5_000_000

_ROWS_AT_ONCE = 10_000
_SETTINGS = {"join_use_nulls": 1, "max_bytes_before_external_group_by": 1 << 30}


@dataclass(frozen=True)
class Victims:
    """Of one erasure. All that fills the tables may be repeated."""

    erasure: Erasure
    clickhouse: ClickHouse

    @property
    def tables(self) -> dict[str, str]:
        """The tables' names, with the database: mutations know no current one."""
        return {name: f"`{self.clickhouse.database}`.erasing_{name}_{self.erasure.id}" for name in TABLES}

    @property
    def parameters(self) -> dict[str, Any]:
        """What statements ask for."""
        return {"team": self.erasure.team_id, "until": self.erasure.requested_at}

    def make(self) -> None:
        """The tables, unless they are there."""
        for text in statement("create", **self.tables).split(";\n"):
            self.clickhouse.command(text)

    def drop(self) -> None:
        """The tables go, and their files at once."""
        for table in self.tables.values():
            self.clickhouse.command(f"DROP TABLE IF EXISTS {table} SYNC")

    def add_ids(self, ids: Iterable[str]) -> None:
        """Ids that go with all that is known of them."""
        self._insert("ids", [[self.erasure.team_id, each] for each in ids], ["team_id", "distinct_id"])

    def add_persons(self, persons: Iterable[UUID]) -> None:
        """Persons of whom nothing is left but what is found again."""
        self._insert("persons", [[self.erasure.team_id, each] for each in persons], ["team_id", "person_id"])

    def add_others(self, persons: Iterable[UUID], version: int) -> None:
        """Persons who stay, and of whom something goes: what was known of them up to that version."""
        rows = [[self.erasure.team_id, each, version] for each in persons]
        self._insert("others", rows, ["team_id", "person_id", "version"])

    def add_groups(self, groups: Iterable[tuple[str, str]]) -> None:
        """Groups, by kind and key, of whom something goes."""
        self._insert("groups", [[self.erasure.team_id, *each] for each in groups], ["team_id", "type", "key"])

    def add_events(self, postgres: Postgres) -> None:
        """The events that are stored by now and are meant. Raises Problem for more than MOST_EVENTS chosen ones."""
        subject = self.erasure.subject
        if subject is None or subject.kind == "project":
            return
        parameters: dict[str, Any] = dict(self.parameters)
        if subject.kind == "person":
            chosen = statement("events_of_person", **self.tables)
        elif subject.kind == "group":
            chosen = statement("events_of_group")
            parameters |= {"type": subject.group_type, "key": subject.group_key}
        else:
            chosen, given = self._filtered(subject.filter, postgres)
            parameters |= given
        self.clickhouse.insert(statement("add_events", chosen=chosen, **self.tables), parameters, settings=_SETTINGS)
        if subject.kind != "person" and self.count("events") > MOST_EVENTS:
            raise Problem(f"These are more than {MOST_EVENTS} events.", "Erase them in several spans of time.")

    def add_letters(self, lines: LineFilter) -> None:
        """The dead letters that `lines` takes, a day of arrival at a time."""
        days = self.clickhouse.query(
            "SELECT DISTINCT arrival_day FROM dead_letters WHERE team_id = {team:Int64}", self.parameters
        ).rows
        for (day,) in days:
            found = self.clickhouse.query(
                "SELECT batch_id, line, object_key FROM dead_letters"
                " WHERE team_id = {team:Int64} AND arrival_day = {day:Date}",
                {**self.parameters, "day": day},
            ).rows
            hashes = [
                [day, batch, hashlib.md5(line.encode(), usedforsecurity=False).digest()]
                for batch, line, key in found
                if lines.takes(line.encode(), key)
            ]
            self._insert("letters", hashes, ["arrival_day", "batch_id", "hash"])

    def add_batches(self) -> None:
        """The batches that these rows were loaded with, before they go."""
        if self.erasure.kind == "project":
            conditions = dict.fromkeys(("events_go", "letters_go", "drops_go"), "team_id = {team:Int64}")
        else:
            conditions = {
                "events_go": f"(team_id, uuid) IN (SELECT team_id, uuid FROM {self.tables['events']})",
                "letters_go": "(arrival_day, batch_id, MD5(line)) IN"
                f" (SELECT arrival_day, batch_id, hash FROM {self.tables['letters']})",
                "drops_go": "false",
            }
        self.clickhouse.insert(statement("add_batches", **conditions, **self.tables), self.parameters)

    def ids(self) -> list[str]:
        """The ids that go."""
        return self._column(f"SELECT DISTINCT distinct_id FROM {self.tables['ids']}")

    def ids_of_events(self) -> list[str]:
        """The ids that the events belong to."""
        return self._column(f"SELECT DISTINCT distinct_id FROM {self.tables['events']}")

    def ids_without_events(self) -> list[str]:
        """Those of them that have no other events."""
        return self._column(statement("ids_without_events", **self.tables))

    def returned_ids(self) -> list[str]:
        """The ids that go of which events stay: they came later, be they the same events sent again."""
        return self._column(
            "SELECT DISTINCT distinct_id FROM events WHERE team_id = {team:Int64}"
            f" AND (team_id, distinct_id) IN (SELECT team_id, distinct_id FROM {self.tables['ids']})"
            " AND (received_at > {until:DateTime64(3)}"
            f" OR (team_id, uuid) NOT IN (SELECT team_id, uuid FROM {self.tables['events']}))"
        )

    def uuids(self) -> frozenset[UUID]:
        """The events."""
        return frozenset(self._column(f"SELECT DISTINCT uuid FROM {self.tables['events']}"))

    def days(self) -> list[tuple[int, date]]:
        """The days (team, UTC) that the events happened on."""
        found: list[date] = self._column(f"SELECT DISTINCT day FROM {self.tables['events']} ORDER BY day")
        return [(self.erasure.team_id, day) for day in found]

    def batches(self) -> list[UUID]:
        """The batches that the events and the dead letters were loaded with."""
        return self._column(f"SELECT DISTINCT batch_id FROM {self.tables['batches']}")

    def spare(self, ids: Iterable[str], persons: Iterable[UUID]) -> None:
        """These ids and persons are there again, made of what came later: they are no survivors."""
        team = self.erasure.team_id
        for table, column, values in (("ids", "distinct_id", sorted(ids)), ("persons", "person_id", sorted(persons))):
            if values:
                gone = set(values)
                rows = self._column(f"SELECT DISTINCT {column} FROM {self.tables[table]}")
                self.clickhouse.command(f"TRUNCATE TABLE {self.tables[table]}")
                self._insert(table, [[team, each] for each in rows if each not in gone], ["team_id", column])

    def count(self, table: str) -> int:
        """How many there are."""
        return int(self.clickhouse.query(f"SELECT count() FROM {self.tables[table]}").one()[0])

    def _filtered(self, wanted: EventFilter, postgres: Postgres) -> tuple[str, dict[str, Any]]:
        """A SELECT of the project's events that match, and its parameters."""
        project = Projects(postgres).get(self.erasure.team_id)
        if project is None:
            raise Problem(f"There is no project {self.erasure.team_id}.", "Erase what is left of it as a project.")
        # by the request's clock, so that each attempt means the same events
        context = Context(load_team(project, StoresOf(postgres, self.clickhouse)), self.erasure.requested_at)
        query = filter_query(wanted, context)
        compiled = compile_query(query, replace(context.scope(), max_limit=MOST_EVENTS + 1))
        return f"SELECT {{team:Int64}}, uuid FROM ({compiled.sql})", compiled.parameters

    def _column(self, sql: str) -> list[Any]:
        return [value for (value,) in self.clickhouse.query(sql, self.parameters).rows]

    def _insert(self, table: str, rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> None:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            self.clickhouse.insert_rows(self.tables[table], rows[start : start + _ROWS_AT_ONCE], columns)


def filter_query(wanted: EventFilter, context: Context) -> nodes.Select:
    """The uuids of the events that a filter means. Raises QueryError for a filter that can't be."""
    filters = [parse_as(PropertyFilter, dict(each)) for each in wanted.properties]
    names = [nodes.Compare("=", nodes.Name(("event",)), nodes.Constant(name)) for name in wanted.events]
    span = [
        nodes.Compare(operator, nodes.Name(("timestamp",)), nodes.Constant(moment))
        for operator, moment in ((">=", wanted.date_from), ("<", wanted.date_to))
        if moment is not None
    ]
    where = all_of(joined("OR", names), *span, condition(list(filters), context, "events"))
    return nodes.Select((nodes.Item(nodes.Name(("uuid",)), "uuid", "uuid"),), nodes.TableName("events"), where=where)
