"""Exports as files: what is in them, where they lie, and how other programs read them."""

from typing import Any

import duckdb
import pytest

pytestmark = pytest.mark.engines


def test_an_hour_of_events_is_a_file_that_duckdb_reads(world: Any) -> None:
    world.send(*world.events(20))
    export = world.export()
    assert world.exporter.work(export).rows == 20
    found = duckdb.sql(
        f"SELECT count(*), min(date)::text, min(hour), min(team_id) FROM read_parquet('{world.folder}/**/*.parquet',"
        " hive_partitioning=true)"
    ).fetchall()[0]
    assert found == (20, "2026-11-23", 10, world.team)
