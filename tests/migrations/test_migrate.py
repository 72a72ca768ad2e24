"""Migrating real stores: repeatable, whatever was killed."""

import threading

import pytest

from analytics_pipelines import faults
from analytics_pipelines.migrations.apply import migrate, plan
from analytics_pipelines.migrations.files import read_migrations, render_clickhouse, statements
from analytics_pipelines.problems import Problem
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

POINTS = (
    "migrate.postgres.statement",
    "migrate.postgres.entry",
    "migrate.clickhouse.statement",
    "migrate.clickhouse.entry",
)


def stores(databases) -> tuple[Postgres, ClickHouse]:  # type: ignore[no-untyped-def]
    return Postgres(databases.postgres_url), ClickHouse(databases.clickhouse_url)


def tables(postgres: Postgres, clickhouse: ClickHouse) -> tuple[set[str], set[str]]:
    of_postgres = postgres.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    of_clickhouse = clickhouse.query("SELECT name FROM system.tables WHERE database = currentDatabase()").rows
    return {row["tablename"] for row in of_postgres}, {name for (name,) in of_clickhouse}


def test_an_empty_store_gets_every_table_and_a_second_time_nothing(databases) -> None:  # type: ignore[no-untyped-def]
    postgres, clickhouse = stores(databases)
    first = migrate(postgres, clickhouse, None)
    assert [m.version for m in first.postgres] == [m.version for m in read_migrations("postgres")]
    of_postgres, of_clickhouse = tables(postgres, clickhouse)
    assert {"projects", "ingest_batches", "schema_migrations"} <= of_postgres
    assert {"events", "dead_letters", "schema_migrations"} <= of_clickhouse
    again = migrate(postgres, clickhouse, None)
    assert (again.postgres, again.clickhouse) == ([], [])
    postgres.close()


def test_a_plan_changes_nothing(databases) -> None:  # type: ignore[no-untyped-def]
    postgres, clickhouse = stores(databases)
    found = plan(postgres, clickhouse, None)
    assert found.postgres
    assert found.clickhouse
    assert tables(postgres, clickhouse) == ({"schema_migrations"}, {"schema_migrations"})
    postgres.close()


@pytest.mark.parametrize("point", POINTS)
def test_a_migration_broken_off_anywhere_is_finished_by_the_next(  # type: ignore[no-untyped-def]
    databases, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """Each file is broken off at its first statement, then at its second, until it is through; then the next one."""
    postgres, clickhouse = stores(databases)
    broken_off, at, done = 0, 1, 0
    while True:
        monkeypatch.setattr(faults, "_plan", {point: ("raise", at)})
        monkeypatch.setattr(faults, "_passes", {})
        try:
            migrate(postgres, clickhouse, None)
            break
        except faults.InjectedFault:
            broken_off += 1
        before, done = done, _applied(postgres, clickhouse)
        # what came after the end of a file was the first statement of the next
        at = at + 1 if done == before else (2 if point.endswith("statement") else 1)
    assert broken_off >= _passes(point)
    rows = clickhouse.query("SELECT version, count() FROM schema_migrations GROUP BY version ORDER BY version").rows
    assert rows == [(migration.version, 1) for migration in read_migrations("clickhouse")]
    assert plan(postgres, clickhouse, None).postgres == []
    postgres.close()


def _applied(postgres: Postgres, clickhouse: ClickHouse) -> int:
    """How many files are through, in both stores."""
    found = postgres.row("SELECT count(*) AS files FROM schema_migrations")
    assert found is not None
    return int(found["files"]) + int(clickhouse.query("SELECT count() FROM schema_migrations").one()[0])


def _passes(point: str) -> int:
    if "postgres" in point:
        files = [statements(m.text) for m in read_migrations("postgres")]
    else:
        files = [statements(render_clickhouse(m.text, None)) for m in read_migrations("clickhouse")]
    return sum(map(len, files)) if point.endswith("statement") else len(files)


def test_two_at_once_wait_for_each_other(databases) -> None:  # type: ignore[no-untyped-def]
    done: list[int] = []

    def run() -> None:
        postgres, clickhouse = stores(databases)
        done.append(len(migrate(postgres, clickhouse, None).postgres))
        postgres.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == [0, 0, len(read_migrations("postgres"))]


def test_clickhouse_that_was_lost_is_migrated_anew_beside_a_kept_postgres(databases) -> None:  # type: ignore[no-untyped-def]
    postgres, clickhouse = stores(databases)
    migrate(postgres, clickhouse, None)
    clickhouse.command(f"DROP DATABASE {clickhouse.database} SYNC")
    done = migrate(postgres, clickhouse, None)
    assert done.postgres == []
    assert done.clickhouse == read_migrations("clickhouse")
    postgres.close()


def test_a_newer_store_is_left_alone(databases) -> None:  # type: ignore[no-untyped-def]
    postgres, clickhouse = stores(databases)
    migrate(postgres, clickhouse, None)
    postgres.execute("INSERT INTO schema_migrations (version, name, checksum) VALUES (9999, 'later', 'x')")
    with pytest.raises(Problem, match="newer release"):
        migrate(postgres, clickhouse, None)
    postgres.close()
