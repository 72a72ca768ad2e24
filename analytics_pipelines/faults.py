"""Named points where tests kill, break or delay the process. In production each costs one look into an empty dict.

`ANALYTICS_FAULTS="loader.after_insert=kill@2"` kills the process at the second pass of that point; `raise` and
`sleep:SECONDS` are the other actions. Several are separated by commas.
"""

import os
import signal
import time


class InjectedFault(Exception):
    """Raised on purpose by a test's plan."""


def _read_plan(text: str) -> dict[str, tuple[str, int]]:
    plan = {}
    for item in filter(None, text.split(",")):
        point, _, action = item.partition("=")
        action, _, at = action.partition("@")
        plan[point] = (action, int(at or 1))
    return plan


_plan = _read_plan(os.environ.get("ANALYTICS_FAULTS", ""))
_passes: dict[str, int] = {}


def hit(point: str) -> None:
    """Pass a named point; does nothing unless a plan names it."""
    if point not in _plan:
        return
    action, at = _plan[point]
    _passes[point] = _passes.get(point, 0) + 1
    if _passes[point] != at:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "raise":
        raise InjectedFault(point)
    elif action.startswith("sleep:"):
        time.sleep(float(action.removeprefix("sleep:")))
