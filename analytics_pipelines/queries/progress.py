"""How far a running question is, and stopping it: ClickHouse knows its statements by an id."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

from resources.clickhouse import ClickHouse, ClickHouseRefused, ClickHouseUnavailable

log = logging.getLogger("queries")


@dataclass(frozen=True)
class Progress:
    """`time_elapsed` is in seconds, `active_cpu_time` in microseconds."""

    rows_read: int = 0
    bytes_read: int = 0
    estimated_rows_total: int = 0
    time_elapsed: float = 0
    active_cpu_time: int = 0

    def public(self) -> dict[str, Any]:
        """As the API shows it."""
        return asdict(self)


class ProgressOf:
    """Looks at and ends statements of the questions' user, as the platform's user: the former may do neither."""

    def __init__(self, clickhouse: ClickHouse, cluster: str | None) -> None:
        self._clickhouse = clickhouse
        self._on_cluster = f"ON CLUSTER '{cluster}'" if cluster else ""
        self._processes = f"clusterAllReplicas('{cluster}', system.processes)" if cluster else "system.processes"

    def query_id(self, team_id: int, run_id: str) -> str:
        """What the ids of the statements begin with; new each time, since one id can't run twice at once."""
        return f"{_prefix(team_id, run_id)}{uuid4().hex[:12]}"

    def of(self, team_id: int, run_id: str) -> Progress | None:
        """None when nothing runs, or nobody knows."""
        try:
            found = self._clickhouse.query(
                "SELECT count(), sum(read_rows), sum(read_bytes), sum(total_rows_approx), max(elapsed),"
                " sum(ProfileEvents['OSCPUVirtualTimeMicroseconds'])"
                f" FROM {self._processes} WHERE startsWith(query_id, {{prefix:String}})",
                {"prefix": _prefix(team_id, run_id)},
            ).one()
        except (ClickHouseUnavailable, ClickHouseRefused) as error:
            log.warning("The progress of a question is not known: %s", error)
            return None
        return Progress(*found[1:]) if found[0] else None

    def stop(self, team_id: int, run_id: str) -> None:
        """End its statements, if any run. Raises ClickHouseUnavailable."""
        try:
            self._clickhouse.command(
                f"KILL QUERY {self._on_cluster} WHERE startsWith(query_id, {{prefix:String}}) ASYNC",
                {"prefix": _prefix(team_id, run_id)},
            )
        except ClickHouseRefused as error:
            log.warning("A question was not stopped: %s", error)


def _prefix(team_id: int, run_id: str) -> str:
    return f"{team_id}:{run_id}:"
