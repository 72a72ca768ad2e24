"""What can't be done to the form that tables have on a cluster: `Distributed` ones over those of each server."""

from analytics_pipelines.problems import Problem
from resources.clickhouse import ClickHouse


def refuse_a_cluster(clickhouse: ClickHouse, table: str, what: str, mend: str) -> None:
    """Raises Problem when the table lies on a cluster; `what` says what can't be done there, `mend` what to do instead.

    There a table like it would write into the table itself, and rows are deleted on each server by itself.
    """
    (engine,) = clickhouse.query(
        "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = {name:String}", {"name": table}
    ).one()
    if not engine.endswith("MergeTree"):
        raise Problem(f"{table} lies on a cluster, where {what}.", mend)
