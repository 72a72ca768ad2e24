"""A process with everything imported that forks a child for each piece of work, so that a child may be killed cheaply.

Reads a JSON object a line: `faults`, `bucket`, `postgres`, `clickhouse`, `now`, `work` (a method of Installation) and
its `arguments`. Answers each with the child's exit code, negative when a signal killed it.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from installation import Installation

from analytics_pipelines import faults
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

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


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                work(json.loads(line))
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
