"""Tables of work that a killed process left are dropped; those of work that goes on, and all others, are not."""

from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from analytics_pipelines.upkeep.leftovers import drop_leftovers, leftovers
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

pytestmark = pytest.mark.engines


def tables(clickhouse: ClickHouse) -> set[str]:
    return {
        name for (name,) in clickhouse.query("SELECT name FROM system.tables WHERE database = currentDatabase()").rows
    }


def test_old_tables_of_work_go_and_nothing_else(postgres: Postgres, clickhouse: ClickHouse) -> None:
    before = tables(clickhouse)
    made = {f"staged_{uuid4().hex}", f"published_{uuid4().hex}"}
    for name in made:
        clickhouse.command(f"CREATE TABLE {name} (a UInt8) ENGINE = Memory")
    now = datetime.now(UTC)
    assert drop_leftovers(postgres, clickhouse, now) == []
    assert tables(clickhouse) == before | made
    assert {each.table for each in drop_leftovers(postgres, clickhouse, now + timedelta(days=2))} == made
    assert tables(clickhouse) == before


def test_a_table_that_a_statement_names_is_not_left_over(migrated: Any, clickhouse: ClickHouse) -> None:
    name = f"rebuilt_{uuid4().hex}"
    clickhouse.command(f"CREATE TABLE {name} (a UInt8) ENGINE = Memory")
    later = datetime.now(UTC) + timedelta(days=2)
    assert [each.table for each in leftovers(clickhouse, later)] == [name]
    other = ClickHouse(migrated.clickhouse_url)
    statement = Thread(
        target=lambda: other.query(f"SELECT sleepEachRow(0.5), (SELECT count() FROM {name}) FROM numbers(3)")
    )
    statement.start()
    while not clickhouse.query(
        f"SELECT count() FROM system.processes WHERE query LIKE '%{name}%' AND query_id != queryID()"
    ).one()[0]:
        pass
    assert leftovers(clickhouse, later) == []
    statement.join()
