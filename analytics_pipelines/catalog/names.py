"""The names that chosen events bring, without recording them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from analytics_pipelines.catalog.statements import statement
from analytics_pipelines.catalog.taker import brought
from resources.clickhouse import ClickHouse, ClickHouseUnavailable


@contextmanager
def seen_names(source: str, name: str, clickhouse: ClickHouse, parameters: Mapping[str, Any]) -> Iterator[str]:
    """A table of the names that the events of `source` bring, what may stand behind FROM, with a sketch of how many
    events each is in; `name` makes the tables' names its own. Raises ClickHouseUnavailable, ClickHouseRefused.
    """
    tables = {each: f"{each}_{name}" for each in ("shapes", "seen")}

    def drop() -> None:
        for table in tables.values():
            clickhouse.command(f"DROP TABLE IF EXISTS {table}")

    drop()
    try:
        for table in tables:
            clickhouse.command(statement(f"create_{table}").format(**tables))
        for step in ("shape_events", "see_names"):
            clickhouse.insert(statement(step).format(published=source, brought=brought(), **tables), parameters)
        yield tables["seen"]
    finally:
        with suppress(ClickHouseUnavailable):  # then the tables are gone with its memory
            drop()
