"""Every table is covered by an erasure, or excused by name."""

import re
from importlib.resources import files

from analytics_pipelines.erasures.places import CLICKHOUSE, POSTGRES


def tables_made(store: str, pattern: str) -> set[str]:
    texts = [file.read_text() for file in files("analytics_pipelines.migrations").joinpath(store).iterdir()]
    return {name for text in texts for name in re.findall(pattern, text)}


def test_each_table_that_a_migration_of_clickhouse_makes_is_a_place() -> None:
    made = tables_made("clickhouse", r"CREATE TABLE IF NOT EXISTS \{\{ stored\('(\w+)'\) \}\}")
    assert len(made) > 15
    assert {place.table for place in CLICKHOUSE} == made


def test_each_table_that_a_migration_of_postgres_makes_is_a_place() -> None:
    made = tables_made("postgres", r"CREATE (?:UNLOGGED )?TABLE (\w+)")
    assert len(made) > 30
    assert {table.name for table in POSTGRES} == made


def test_a_place_without_rows_of_anyone_says_why() -> None:
    assert all(place.mine or place.days or place.excuse for place in CLICKHOUSE)
    assert all(table.mine or table.excuse for table in POSTGRES)


def test_each_table_with_a_project_goes_with_it() -> None:
    text = "\n".join(
        file.read_text() for file in files("analytics_pipelines.migrations").joinpath("postgres").iterdir()
    )
    of_projects = {
        name
        for name, columns in re.findall(r"CREATE (?:UNLOGGED )?TABLE (\w+) \((.*?)\n\);", text, re.DOTALL)
        if re.search(r"^    (?:team|project)_id ", columns, re.MULTILINE)
    }
    assert of_projects - {table.name for table in POSTGRES if table.project} == {"erasures"}
