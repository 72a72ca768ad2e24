"""`analytics migrate`."""

from pathlib import Path

import click

from analytics_pipelines.cli.options import data_dir, example
from analytics_pipelines.settings import load_settings


@click.command(epilog=example("analytics migrate --plan", "analytics migrate"))
@click.option("--plan", "only_plan", is_flag=True, help="Show what would be applied, and change nothing.")
@data_dir
def migrate(only_plan: bool, data_dir: Path | None) -> None:
    """Bring the tables of Postgres and ClickHouse to this release. `analytics start` does it by itself."""
    from analytics_pipelines.migrations.apply import migrate as apply
    from analytics_pipelines.migrations.apply import plan
    from resources.clickhouse import ClickHouse
    from resources.postgres import Postgres

    settings = load_settings(data_dir=data_dir)
    postgres = Postgres(settings.need_postgres())
    clickhouse = ClickHouse(settings.need_clickhouse(), {"command": "migrate"})
    cluster = settings.clickhouse_cluster
    try:
        if only_plan:
            found = plan(postgres, clickhouse, cluster)
        else:
            found = apply(postgres, clickhouse, cluster, lambda store, done: click.echo(f"{store:<11} {done.name}"))
    finally:
        postgres.close()
    if found.reopened:
        click.echo(f"The tables are new: {found.reopened} batches will be loaded again from the bucket.")
    if only_plan:
        for store, migrations in (("postgres", found.postgres), ("clickhouse", found.clickhouse)):
            for migration in migrations:
                click.echo(f"{store:<11} {migration.name} (pending)")
    if not (found.postgres or found.clickhouse):
        click.echo("Nothing is pending.")
