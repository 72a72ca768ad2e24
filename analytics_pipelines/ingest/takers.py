"""What is made of a batch's events beside the events themselves."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from analytics_pipelines.catalog.taker import take_catalog
from analytics_pipelines.faults import hit
from analytics_pipelines.groups.taker import take_groups
from analytics_pipelines.ingest.staged import Staged
from analytics_pipelines.persons.taker import take_persons
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

Taker = Callable[[Staged, ClickHouse, Postgres], None]
"""Called before the ledger closes the batch: again after a break, and for batches in any order."""

TAKERS: tuple[tuple[Taker, ...], ...] = ((take_persons,), (take_groups, take_catalog))
"""Rows beside each other; in a row each needs what those before it wrote."""


def take_all(staged: Staged, clickhouse: ClickHouse, postgres: Postgres) -> None:
    """Have everything made of the batch's events. When one fails the others end first, and its error is raised."""

    def take_in_order(takers: Sequence[Taker]) -> None:
        for take in takers:
            take(staged, clickhouse, postgres)
            hit("takers.after_one")

    with ThreadPoolExecutor(len(TAKERS)) as threads:
        list(threads.map(take_in_order, TAKERS))
