"""What the web application works with."""

from dataclasses import dataclass
from datetime import timedelta

from analytics_pipelines.cohorts.background import BackgroundCalculator
from analytics_pipelines.cohorts.calculate import Calculator
from analytics_pipelines.dashboards.refresh import Refresher
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.cache import open_cache
from analytics_pipelines.queries.progress import ProgressOf
from analytics_pipelines.queries.reader import open_reader
from analytics_pipelines.queries.rollup_days import RollupDays
from analytics_pipelines.queries.serve import Answers
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@dataclass(frozen=True)
class Services:
    """Clients that all requests share. `reader` may only read, `clickhouse` is the platform's own."""

    settings: Settings
    postgres: Postgres
    reader: ClickHouse
    clickhouse: ClickHouse
    store: ObjectStore
    questions: Questions
    answers: Answers
    refresher: Refresher
    cohorts: BackgroundCalculator


def open_services(settings: Settings) -> Services:
    """The services of these settings; nothing is connected before it is needed."""
    reader = open_reader(settings, {"service": "web"})
    clickhouse = ClickHouse(settings.need_clickhouse(), {"service": "web"})
    postgres = Postgres(settings.need_postgres(), pool_size=16)
    questions = Questions(reader, settings, rollup_days=RollupDays(postgres, settings))
    answers = Answers(
        questions,
        postgres,
        open_cache(settings, postgres),
        ProgressOf(clickhouse, settings.clickhouse_cluster),
        settings,
    )
    return Services(
        settings=settings,
        postgres=postgres,
        reader=reader,
        clickhouse=clickhouse,
        store=ObjectStore(settings.bucket_url),
        questions=questions,
        answers=answers,
        refresher=Refresher(postgres, reader, answers, timedelta(seconds=2 * settings.query_max_seconds)),
        cohorts=BackgroundCalculator(Calculator(postgres, clickhouse)),
    )
