"""From batches that became visible to deliveries that wait: a page at a time, and with the page the place is moved."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.faults import hit
from analytics_pipelines.queries.team import StoresOf, load_team
from analytics_pipelines.settings import Settings
from analytics_pipelines.webhooks.feed import (
    Batch,
    Place,
    Span,
    is_there,
    newest_number,
    next_batch,
    read_place,
    write_place,
)
from analytics_pipelines.webhooks.filters import Filters
from analytics_pipelines.webhooks.found import Finder, Found
from analytics_pipelines.webhooks.store import Destination
from resources.clickhouse import ClickHouse
from resources.postgres import Connection, Postgres

PAGE = 500
# While so many wait for a slow receiver, no more are looked for: the batches wait instead, which costs a row each.
MOST_PENDING = 1000


@dataclass(frozen=True)
class Matcher:
    """Finds what destinations are to be told of."""

    postgres: Postgres
    clickhouse: ClickHouse
    settings: Settings
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def match(self, destination: Destination) -> int | None:
        """Look through the next batch, or the next page of it; how many events match.

        None when there is nothing to look through, or no room. Raises QueryError for filters that can't be understood
        any more, and the errors of the stores.
        """
        with self.postgres.transaction() as connection:
            place = read_place(connection, destination.id)
            if place is None or self._is_full(connection, destination):
                return None
        batch = next_batch(self.postgres, place)
        if batch is None:
            return None
        found, span = self._look(destination, place, batch)
        if found is None:
            return None
        hit("webhooks.after_match")
        with self.postgres.transaction() as connection:
            if read_place(connection, destination.id) != place:  # somebody else was faster, or it was enabled anew
                return 0
            self._enqueue(connection, destination, found)
            write_place(connection, destination.id, self._moved(place, span, found))
            hit("webhooks.before_enqueue_commit")
        return len(found)

    def _look(self, destination: Destination, place: Place, batch: Batch) -> tuple[list[Found] | None, Span]:
        """Events of the batch; None when its day is just being put in place. A batch that is gone is looked for once
        in its whole hour, for the others of that hour as well."""
        span = Span(batch, is_gone=False)
        found = self._page(destination, place, span)
        there = is_there(self.postgres, batch)
        if there is None:
            return None, span
        if there:
            return found, span
        span = Span(batch, is_gone=True)
        if _was_redone(place, batch):
            return [], span
        return self._page(destination, place, span), span

    def _page(self, destination: Destination, place: Place, span: Span) -> list[Found]:
        project = Projects(self.postgres).get(destination.team_id)
        if project is None or span.batch.team_id not in (None, project.id):
            return []
        finder = Finder(
            self.clickhouse,
            load_team(project, StoresOf(self.postgres, self.clickhouse)),
            self.settings.browser_url,
            self.now(),
        )
        filters = Filters.model_validate(destination.filters)
        return finder.page(filters, span, destination.enabled_at, place.after, PAGE)

    def _moved(self, place: Place, span: Span, found: list[Found]) -> Place:
        if len(found) == PAGE:
            return replace(place, after=(found[-1].received_at, found[-1].uuid))
        moved = replace(place, seen=span.batch.number, after=None)
        if span.is_gone and span.batch.is_whole and not _was_redone(place, span.batch):
            newest = newest_number(self.postgres)
            return replace(moved, redone_hour=span.batch.arrival_hour, redone_to=newest)
        return moved

    def _is_full(self, connection: Connection, destination: Destination) -> bool:
        row = connection.execute(
            "SELECT count(*) AS n FROM (SELECT 1 FROM webhook_deliveries WHERE destination_id = %s"
            " AND state = 'pending' LIMIT %s) AS waiting",
            [destination.id, MOST_PENDING],
        ).fetchone()
        return bool(row and row["n"] >= MOST_PENDING)

    def _enqueue(self, connection: Connection, destination: Destination, found: list[Found]) -> None:
        now = self.now()
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO webhook_deliveries (team_id, destination_id, event_uuid, event_name, distinct_id,"
                " person_id, event, found_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [
                    (
                        destination.team_id,
                        destination.id,
                        each.uuid,
                        each.event,
                        each.distinct_id,
                        each.person_id,
                        json.dumps(each.told),
                        now,
                    )
                    for each in found
                ],
            )


def _was_redone(place: Place, batch: Batch) -> bool:
    """Whether the batch's hour was looked through when another batch of it was found to be gone."""
    return place.redone_hour == batch.arrival_hour and batch.number <= (place.redone_to or 0)
