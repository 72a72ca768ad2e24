"""What is made of a batch's events beside the events themselves."""

from collections.abc import Callable

from analytics_pipelines.catalog.taker import take_catalog
from analytics_pipelines.groups.taker import take_groups
from analytics_pipelines.ingest.staged import Staged
from analytics_pipelines.persons.taker import take_persons
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

Taker = Callable[[Staged, ClickHouse, Postgres], None]
"""Called before the ledger closes the batch: again after a break, and for batches in any order."""

TAKERS: tuple[Taker, ...] = (take_persons, take_groups, take_catalog)
