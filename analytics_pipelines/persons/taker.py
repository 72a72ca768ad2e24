"""What a batch of events says of persons: into the person store, and from there before everyone's eyes."""

from datetime import UTC, datetime

from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.staged import Staged
from analytics_pipelines.persons.lock import next_version, persons_locked
from analytics_pipelines.persons.publish import publish
from analytics_pipelines.persons.rebuild import rebuild_noted
from analytics_pipelines.persons.reduction import reduced
from analytics_pipelines.persons.store import store
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres


def take_persons(staged: Staged, clickhouse: ClickHouse, postgres: Postgres) -> None:
    """Take a batch. Taking it again, or batches in another order, leaves the same persons.

    Raises ClickHouseUnavailable, ClickHouseRefused, PostgresUnavailable.
    """
    with persons_locked(postgres):
        publish(postgres, clickhouse, datetime.now(UTC))  # a batch is compared with what is published
        with reduced(staged.published, staged.batch_id.hex, clickhouse) as reduction:
            if reduction.ids:
                with postgres.transaction() as connection:
                    store(connection, reduction, next_version(connection), staged.batch_id)
                    hit("persons.before_commit")
                hit("persons.after_commit")
            publish(postgres, clickhouse, datetime.now(UTC), reduction.words)
        rebuild_noted(postgres, clickhouse, datetime.now(UTC))
