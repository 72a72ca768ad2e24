"""Whether anything is left: every place is asked again, and not by what was found when it was erased."""

from dataclasses import dataclass

from analytics_pipelines.erasures.component import persons_of
from analytics_pipelines.erasures.rows import count_rows
from analytics_pipelines.erasures.statements import statement
from analytics_pipelines.erasures.store_rows import count_stored
from analytics_pipelines.erasures.victims import Victims
from analytics_pipelines.rollups.tables import ROLLUPS
from resources.postgres import Postgres


@dataclass(frozen=True)
class Survivors:
    """Counts what is left of an erasure in the tables, by place. `touch` numbers the touch of the days it changed."""

    victims: Victims
    postgres: Postgres
    touch: int

    def count(self) -> dict[str, int]:
        """How many rows, or days that are not made anew. Zeros are among them.

        Ids of which events came after the request are left out: their rows went, and are there anew.
        """
        returned = self.victims.returned_ids()
        self.victims.spare(returned, persons_of(self.postgres, self.victims.erasure.team_id, returned))
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
        left = {
            f"clickhouse.{rollup.name}": len(self.victims.days()) - self._days_made_again(rollup.name)
            for rollup in ROLLUPS
        }
        left["clickhouse.sessions"] += self._rows("sessions_left")
        left["clickhouse.active_people_daily"] += self._rows("active_people_left")
        return left

    def _days_made_again(self, rollup: str) -> int:
        """How many of the days hold what was touched up to `touch`; what others touch later is their affair."""
        row = self.postgres.row(
            "SELECT count(*) AS days FROM rollup_watermark WHERE rollup = %s AND day = ANY(%s) AND touch >= %s",
            [rollup, [day for _, day in self.victims.days()], self.touch],
        )
        return int(row["days"]) if row else 0

    def _rows(self, name: str) -> int:
        clickhouse = self.victims.clickhouse
        return int(clickhouse.query(statement(name, **self.victims.tables), self.victims.parameters).one()[0])
