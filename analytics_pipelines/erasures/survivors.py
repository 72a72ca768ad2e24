"""Whether anything is left: every place is asked again, and not by what was found when it was erased."""

from dataclasses import dataclass

from analytics_pipelines.erasures.rows import count_rows
from analytics_pipelines.erasures.statements import statement
from analytics_pipelines.erasures.store_rows import count_stored
from analytics_pipelines.erasures.victims import Victims
from analytics_pipelines.rollups.days import in_a_row
from analytics_pipelines.rollups.tables import ROLLUPS
from analytics_pipelines.rollups.watermark import Watermark
from resources.postgres import Postgres

_MANY_DAYS = 10_000


@dataclass(frozen=True)
class Survivors:
    """Counts what is left of an erasure in the tables, by place."""

    victims: Victims
    postgres: Postgres
    watermark: Watermark

    def count(self) -> dict[str, int]:
        """How many rows, or days that are not made anew. Zeros are among them."""
        found = count_rows(self.victims)
        if self.victims.erasure.kind != "project":
            found["clickhouse.events"] += self._events()
            found |= self._derived()
        return found | count_stored(self.postgres, self.victims)

    def _events(self) -> int:
        """Events that are meant by what they say, known by no list of them."""
        before = self.victims.count("events")
        self.victims.add_events(self.postgres)  # only those that are stored and are not on the list
        return self.victims.count("events") - before

    def _derived(self) -> dict[str, int]:
        """Days of rollups that still stand on events that went, and rows of people without events."""
        days = [day for _, day in self.victims.days()]
        left = {
            f"clickhouse.{rollup.name}": sum(
                len(self.watermark.stale_days(rollup, span.widened(rollup.reach)))
                for span in in_a_row(days, _MANY_DAYS)
            )
            for rollup in ROLLUPS
        }
        left["clickhouse.sessions"] += self._rows("sessions_left")
        left["clickhouse.active_people_daily"] += self._rows("active_people_left")
        return left

    def _rows(self, name: str) -> int:
        clickhouse = self.victims.clickhouse
        return int(clickhouse.query(statement(name, **self.victims.tables), self.victims.parameters).one()[0])
