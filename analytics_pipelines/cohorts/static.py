"""Members of static cohorts: kept by distinct id, since a person's id follows from the merges and its ids do not."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar
from uuid import UUID

from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# Ids travel as one parameter, of which ClickHouse takes 128 KiB; quotes and escapes may double it.
_BYTES_AT_ONCE = 60_000
_ROWS_AT_ONCE = 10_000
_BESIDES = len("'',")
_T = TypeVar("_T")
_ID_COLUMNS = ("distinct_id", "distinct-id", "distinctid")
_PERSON_COLUMNS = ("person_id", "person-id", "personid")


class WrongCsv(Exception):
    """The text is no list of ids."""


class StaticMembers:
    """The members of one static cohort. Ids that belong to no person are left out."""

    def __init__(self, postgres: Postgres, reader: ClickHouse, team_id: int, cohort_id: int) -> None:
        self._postgres = postgres
        self._reader = reader
        self._team_id = team_id
        self._cohort_id = cohort_id

    def add_distinct_ids(self, ids: Iterable[str]) -> int:
        """Add the persons of these ids; how many ids are new and known."""
        return sum(self._add(self._known(some)) for some in _in_parts(ids, lambda text: len(text.encode())))

    def add_persons(self, ids: Iterable[UUID]) -> int:
        """Add these persons; how many are new and known."""
        added = 0
        for some in _in_parts(ids, lambda _: 36):
            rows = self._reader.query(
                "SELECT min(distinct_id) FROM person_distinct_ids FINAL WHERE team_id = {team:Int64}"
                " AND is_deleted = 0 AND person_id IN {ids:Array(UUID)} GROUP BY person_id",
                {"team": self._team_id, "ids": [str(each) for each in some]},
            ).rows
            added += self._add([distinct_id for (distinct_id,) in rows])
        return added

    def remove_person(self, person_id: UUID) -> int:
        """Take out a person, by whichever of its ids it came in; how many ids that were."""
        rows = self._reader.query(
            "SELECT distinct_id FROM person_distinct_ids FINAL"
            " WHERE team_id = {team:Int64} AND is_deleted = 0 AND person_id = {person:UUID}",
            {"team": self._team_id, "person": str(person_id)},
        ).rows
        return self._postgres.execute(
            "DELETE FROM static_cohort_ids WHERE cohort_id = %s AND distinct_id = ANY(%s)",
            [self._cohort_id, [distinct_id for (distinct_id,) in rows]],
        )

    def distinct_ids(self) -> Iterator[list[str]]:
        """All ids that were added, some thousand at a time."""
        with self._postgres.transaction() as connection, connection.cursor(name="static_cohort_ids") as cursor:
            cursor.execute("SELECT distinct_id FROM static_cohort_ids WHERE cohort_id = %s", [self._cohort_id])
            while rows := cursor.fetchmany(_ROWS_AT_ONCE):
                yield [row["distinct_id"] for row in rows]

    def _known(self, ids: Sequence[str]) -> list[str]:
        rows = self._reader.query(
            "SELECT distinct_id FROM person_distinct_ids FINAL"
            " WHERE team_id = {team:Int64} AND is_deleted = 0 AND distinct_id IN {ids:Array(String)}",
            {"team": self._team_id, "ids": list(ids)},
        ).rows
        return [distinct_id for (distinct_id,) in rows]

    def _add(self, ids: Sequence[str]) -> int:
        return self._postgres.execute(
            "INSERT INTO static_cohort_ids (cohort_id, distinct_id) SELECT %s, unnest(%s::text[])"
            " ON CONFLICT DO NOTHING",
            [self._cohort_id, list(ids)],
        )


def ids_in_csv(text: str) -> tuple[list[str], list[UUID]]:
    """Distinct ids, and ids of persons, of a CSV file: of the column that its header names so, or of the only one.

    Raises WrongCsv.
    """
    if "\0" in text:
        raise WrongCsv("This is no text: it holds the character NUL.")
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise WrongCsv(f"This is no CSV: {error}.") from None
    if not rows:
        raise WrongCsv("The file has no rows.")
    header = [cell.strip().lower() for cell in rows[0]]
    for names in (_ID_COLUMNS, _PERSON_COLUMNS):
        for place, name in enumerate(header):
            if name in names:
                cells = [row[place].strip() for row in rows[1:] if len(row) > place and row[place].strip()]
                return (cells, []) if names is _ID_COLUMNS else ([], list(_uuids(cells)))
    if any(len(row) > 1 for row in rows):
        raise WrongCsv("A file of several columns needs a header with distinct_id or person_id in it.")
    return [row[0].strip() for row in rows], []


def _in_parts(items: Iterable[_T], length: Callable[[_T], int]) -> Iterator[list[_T]]:
    """In their order, without those that are too long to be anyone's."""
    part: list[_T] = []
    total = 0
    for item in items:
        size = length(item) + _BESIDES
        if size > _BYTES_AT_ONCE:
            continue
        if total + size > _BYTES_AT_ONCE:
            yield part
            part, total = [], 0
        part.append(item)
        total += size
    if part:
        yield part


def _uuids(texts: Iterable[str]) -> Iterator[UUID]:
    for text in texts:
        try:
            yield UUID(text)
        except ValueError:
            continue  # no person has such an id
