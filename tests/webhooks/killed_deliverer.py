"""A process with everything imported that forks a child for each delivery, so that a child may be killed cheaply.

Reads a JSON object a line: `faults`, `settings` and `only` (ids of destinations). Answers each with the child's exit
code, negative when a signal killed it.
"""

import json
import os
import sys
import traceback
from typing import Any

from analytics_pipelines import faults
from analytics_pipelines.settings import Settings
from analytics_pipelines.webhooks.deliver import Deliverer


def deliver(order: dict[str, Any]) -> None:
    faults._plan.update(faults._read_plan(order["faults"]))
    Deliverer.of(Settings(**order["settings"]), {}).deliver(order["only"])


def main() -> None:
    for line in sys.stdin:
        child = os.fork()
        if not child:
            code = 1
            try:
                deliver(json.loads(line))
                code = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


if __name__ == "__main__":
    main()
