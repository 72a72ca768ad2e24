"""Whether ClickHouse still holds what was put into its memory."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from uuid import uuid4

from resources.clickhouse import ClickHouse, ClickHouseUnavailable


@contextmanager
def memory_kept(clickhouse: ClickHouse) -> Iterator[None]:
    """What is in tables in memory at the begin of the block is there at its end, or ClickHouseUnavailable is raised.

    When ClickHouse is started anew, such tables are still there, and empty: what is made of them looks complete.
    """
    witness = f"witness_{uuid4().hex}"
    clickhouse.command(f"CREATE TABLE {witness} ENGINE = Memory AS SELECT 1 AS here")
    try:
        yield
        if not clickhouse.query(f"SELECT count() FROM {witness}").one()[0]:
            raise ClickHouseUnavailable("ClickHouse was started anew meanwhile, and what was in its memory is gone.")
    finally:
        with suppress(ClickHouseUnavailable):
            clickhouse.command(f"DROP TABLE IF EXISTS {witness}")
