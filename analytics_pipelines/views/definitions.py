"""The questions of the installation: views over the rollups, one a question, for tools that read ClickHouse itself.

Each has a row a project (`team_id`) and day or week. People's own SQL does not see them: it asks the tables, under the
guard of its project.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from resources.clickhouse import ClickHouse


@dataclass(frozen=True)
class View:
    """`reads` names the rollup that it is over."""

    name: str
    reads: str
    description: str

    @property
    def sql(self) -> str:
        """Its SELECT."""
        return _text(self.name)

    @property
    def version(self) -> str:
        """What names the SQL."""
        return hashlib.sha256(self.sql.encode()).hexdigest()[:16]

    def create(self, clickhouse: ClickHouse, cluster: str | None) -> None:
        """Make it, or put it in the place of its former version; whoever reads it sees one of the two."""
        on_cluster = f"ON CLUSTER '{cluster}'" if cluster else ""
        clickhouse.command(f"CREATE OR REPLACE VIEW {self.name} {on_cluster} AS {self.sql} COMMENT '{self.version}'")


VIEWS: Sequence[View] = (
    View(
        "query_events_by_day",
        "event_counts_hourly",
        "How often each event happened on a day (UTC), and by how many people.",
    ),
    View(
        "query_active_people_by_week",
        "active_people_daily",
        "How many people did anything in a week that begins on Monday (UTC).",
    ),
    View(
        "query_new_and_returning_people_by_day",
        "active_people_daily",
        "How many people were there on a day (UTC) for the first time, and how many had been there before.",
    ),
    View(
        "query_top_pages",
        "web_stats_daily",
        "How many visitors and views each page had on a day (UTC).",
    ),
    View(
        "query_traffic_by_day",
        "web_stats_daily",
        "How many visitors, views and visits a site had on a day (UTC), how long visits were, and how many bounced.",
    ),
    View(
        "query_visits_by_channel",
        "sessions",
        "Where the visits of a day (UTC) came from, how many people they were, and how many bounced.",
    ),
)


def outdated(clickhouse: ClickHouse) -> list[View]:
    """Those that are not there, or of another version."""
    found = dict(
        clickhouse.query(
            "SELECT name, comment FROM system.tables"
            " WHERE database = currentDatabase() AND name IN {names:Array(String)}",
            {"names": [view.name for view in VIEWS]},
        ).rows
    )
    return [view for view in VIEWS if found.get(view.name) != view.version]


@cache
def _text(name: str) -> str:
    return (files(__package__) / "sql" / f"{name}.sql").read_text().strip()
