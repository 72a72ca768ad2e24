"""A batch on its way: normalised rows in a Memory table, before and after they are published."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class Target:
    """The tables that a load publishes into: those that questions read, or ones beside them for a day of arrival.

    `day` is the day that is loaded again beside the tables; None: the tables themselves.
    """

    day: date | None = None

    @property
    def events(self) -> str:
        """The table of events."""
        return self._of("events")

    @property
    def dead_letters(self) -> str:
        """The table of lines that are no event."""
        return self._of("dead_letters")

    @property
    def dropped_events(self) -> str:
        """The table of what rules dropped."""
        return self._of("dropped_events")

    @property
    def superseding(self) -> str:
        """A table of uuids of the day that other days hold, too, and received later."""
        return self._of("superseding")

    @property
    def counting(self) -> str:
        """What to read from for all events that count, none of them twice: with a day, as if it were in its place."""
        if self.day is None:
            return "events"
        return (
            f"(SELECT * FROM {self.events}"
            f" UNION ALL SELECT * FROM events WHERE arrival_day != toDate('{self.day:%Y-%m-%d}'))"
        )

    def _of(self, table: str) -> str:
        return table if self.day is None else f"{table}_of_{self.day:%Y%m%d}"


LIVE = Target()


@dataclass(frozen=True)
class Staged:
    """The staging table of one batch. Rows with a `reason` or a `dropped_by` are no events."""

    batch_id: UUID
    arrival_day: date
    target: Target = LIVE

    @property
    def table(self) -> str:
        """Its name."""
        return f"staged_{self.batch_id.hex}"

    @property
    def published(self) -> str:
        """What to read from for the events that this batch brought, each once: not those sent again."""
        return f"(SELECT * FROM {self.table} WHERE number GLOBAL IN (SELECT number FROM {self.numbers}))"

    @property
    def numbers(self) -> str:
        """A table of the `number`s of rows that are published with this batch."""
        return f"published_{self.batch_id.hex}"

    @property
    def located(self) -> str:
        """A table of places by address, where they are looked up."""
        return f"located_{self.batch_id.hex}"

    @property
    def stored(self) -> str:
        """A table of events of other batches that carry a uuid of this one."""
        return f"stored_{self.batch_id.hex}"
