"""A fork server of deliveries. A line is `faults`, `settings` and `only` (ids of destinations)."""

from typing import Any

from analytics_pipelines import faults
from analytics_pipelines.settings import Settings
from analytics_pipelines.webhooks.deliver import Deliverer
from tests.fork_server import serve


def deliver(order: dict[str, Any]) -> None:
    faults._plan.update(faults._read_plan(order["faults"]))
    Deliverer.of(Settings(**order["settings"]), {}).deliver(order["only"])


if __name__ == "__main__":
    serve(deliver)
