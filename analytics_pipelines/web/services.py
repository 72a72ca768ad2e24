"""What the web application works with."""

from dataclasses import dataclass

from analytics_pipelines.queries.ask import Questions
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
    reader_url = settings.clickhouse_reader_url
    reader = ClickHouse(
        reader_url.get_secret_value() if reader_url else settings.need_clickhouse(), {"service": "web"}, read_only=True
    )
    return Services(
        settings=settings,
        postgres=Postgres(settings.need_postgres(), pool_size=8),
        reader=reader,
        store=ObjectStore(settings.bucket_url),
        questions=Questions(reader, settings),
    )
