"""A fork server of an installation's work.

A line is `faults`, `bucket`, `postgres`, `clickhouse`, `now`, `work` (a method of Installation) and
its `arguments`.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from installation import Installation

from analytics_pipelines import faults
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres
from tests.fork_server import serve

READ: dict[str, Callable[[str], Any]] = {"date": date.fromisoformat, "UUID": UUID, "int": int, "str": str}


def work(order: dict[str, Any]) -> None:
    faults._plan.update(faults._read_plan(order["faults"]))
    installation = Installation(
        ObjectStore(order["bucket"]),
        Postgres(order["postgres"]),
        ClickHouse(order["clickhouse"]),
        datetime.fromisoformat(order["now"]),
    )
    getattr(installation, order["work"])(*(READ[kind](text) for kind, text in order["arguments"]))


if __name__ == "__main__":
    serve(work)
