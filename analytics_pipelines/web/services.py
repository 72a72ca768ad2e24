"""What the web application works with."""

from dataclasses import dataclass
from datetime import timedelta

from analytics_pipelines.dashboards.refresh import Refresher
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.cache import open_cache
from analytics_pipelines.queries.progress import ProgressOf
from analytics_pipelines.queries.reader import open_reader
from analytics_pipelines.queries.serve import Answers
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
    answers: Answers
    refresher: Refresher


def open_services(settings: Settings) -> Services:
    """The services of these settings; nothing is connected before it is needed."""
    reader = open_reader(settings, {"service": "web"})
    postgres = Postgres(settings.need_postgres(), pool_size=8)
    questions = Questions(reader, settings)
    return Services(
        settings=settings,
        postgres=postgres,
        reader=reader,
        store=ObjectStore(settings.bucket_url),
        questions=questions,
        answers=Answers(
            questions,
            postgres,
            open_cache(settings, postgres),
            ProgressOf(ClickHouse(settings.need_clickhouse(), {"service": "web"}), settings.clickhouse_cluster),
            settings,
        ),
        refresher=Refresher(postgres, reader, questions, timedelta(seconds=2 * settings.query_max_seconds)),
    )
