"""A batch on its way: normalised rows in a Memory table, before and after they are published."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID


@dataclass(frozen=True)
class Staged:
    """The staging table of one batch. Rows with a `reason` or a `dropped_by` are no events."""

    batch_id: UUID
    arrival_day: date

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
    def stored(self) -> str:
        """A table of events of other batches that carry a uuid of this one."""
        return f"stored_{self.batch_id.hex}"
