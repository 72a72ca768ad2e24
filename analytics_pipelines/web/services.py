"""What the web application works with."""

from dataclasses import dataclass

from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.reader import open_reader
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@dataclass(frozen=True)
class Services:
    """Clients that all requests share. `reader` may only read."""

    settings: Settings
    postgres: Postgres
    reader: ClickHouse
    store: ObjectStore
    questions: Questions


def open_services(settings: Settings) -> Services:
    """The services of these settings; nothing is connected before it is needed."""
    reader = open_reader(settings, {"service": "web"})
    return Services(
        settings=settings,
        postgres=Postgres(settings.need_postgres(), pool_size=8),
        reader=reader,
        store=ObjectStore(settings.bucket_url),
        questions=Questions(reader, settings),
    )
