"""Migration files: what is pending, what is refused, and their form for a cluster."""

import pytest

from analytics_pipelines.migrations.files import Migration, pending, read_migrations, render_clickhouse, statements
from analytics_pipelines.problems import Problem
from resources.clickhouse import ClickHouse

ONE = Migration(1, "0001_one", "CREATE TABLE a (b int);")
TWO = Migration(2, "0002_two", "CREATE TABLE c (d int);")


def test_what_is_not_applied_is_pending_in_order() -> None:
    assert pending([ONE, TWO], {}, "postgres") == [ONE, TWO]
    assert pending([ONE, TWO], {1: ONE.checksum}, "postgres") == [TWO]
    assert pending([ONE, TWO], {1: ONE.checksum, 2: TWO.checksum}, "postgres") == []


def test_a_store_of_a_newer_release_is_refused() -> None:
    with pytest.raises(Problem, match="newer release"):
        pending([ONE], {1: ONE.checksum, 2: TWO.checksum}, "postgres")


def test_a_file_that_changed_after_it_was_applied_is_refused() -> None:
    with pytest.raises(Problem, match="0001_one"):
        pending([ONE, TWO], {1: "another"}, "clickhouse")


@pytest.mark.parametrize("store", ["postgres", "clickhouse"])
def test_versions_of_the_package_have_no_gap_and_every_file_has_statements(store: str) -> None:
    found = read_migrations(store)  # type: ignore[arg-type]
    assert found
    for migration in found:
        text = render_clickhouse(migration.text, None) if store == "clickhouse" else migration.text
        assert statements(text)


def test_statements_end_at_a_semicolon_at_the_end_of_a_line() -> None:
    assert statements("-- a; b\nSELECT ';x';\n\nSELECT 2;  \n-- end\n") == ["SELECT ';x'", "SELECT 2"]


def test_one_server_gets_plain_tables() -> None:
    text = "\n".join(render_clickhouse(migration.text, None) for migration in read_migrations("clickhouse"))
    for word in ("Replicated", "Distributed", "ON CLUSTER", "_local"):
        assert word not in text


def test_a_cluster_gets_replicated_tables_under_distributed_ones() -> None:
    for migration in read_migrations("clickhouse"):
        made = statements(render_clickhouse(migration.text, "main"))
        local = [each for each in made if "ENGINE = Replicated" in each]
        distributed = [each for each in made if "ENGINE = Distributed('main'" in each]
        assert len(local) == len(distributed)
        altered = {each.split()[2] for each in made if each.startswith("ALTER TABLE")}
        behind = {each for each in altered if each.endswith("_local")}
        assert {each.removesuffix("_local") for each in behind} == altered - behind
        assert local or altered
        assert all("ON CLUSTER 'main'" in each for each in made)
        assert all("'/clickhouse/tables/{shard}/{database}/{table}', '{replica}'" in each for each in local)


@pytest.mark.engines
def test_clickhouse_understands_the_form_for_a_cluster(clickhouse: ClickHouse) -> None:
    for migration in read_migrations("clickhouse"):
        for statement in statements(render_clickhouse(migration.text, "main")):
            clickhouse.query("SELECT formatQuery({sql:String})", {"sql": statement})
