"""The rollups as Dagster runs them, on real engines."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.watermark import touch_days
from analytics_pipelines.settings import settings_of_process
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres
from resources.shells import AnalyticsResource

pytestmark = pytest.mark.engines

TABLES = ("event_counts_hourly", "active_people_daily", "sessions", "web_stats_daily")
NOW = datetime.now(UTC)
TODAY = NOW.date()


@pytest.fixture(autouse=True)
def _settings(migrated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", migrated.clickhouse_url)
    monkeypatch.setenv("ANALYTICS_OBJECT_STORE_URL", (tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()
    yield
    settings_of_process.cache_clear()


def store(clickhouse: ClickHouse, postgres: Postgres, *days: date) -> None:
    rows = [[1, uuid4(), "page", "ada", uuid4(), datetime(*day.timetuple()[:3], 12, tzinfo=UTC), NOW] for day in days]
    names = ["team_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "received_at"]
    clickhouse.insert_rows("events", rows, names)
    touch_days(postgres, [(1, day) for day in sorted(set(days))], NOW)


def dirty(postgres: Postgres) -> list[date]:
    return [row["day"] for row in postgres.rows("SELECT day FROM dirty_days ORDER BY day")]


def run(request: dg.RunRequest | None = None, partition: str | None = None) -> dg.ExecuteInProcessResult:
    from analytics_pipelines.definitions import defs

    with dg.DagsterInstance.ephemeral() as instance:
        return defs.resolve_job_def("rollup_job").execute_in_process(
            partition_key=request.partition_key if request else partition,
            run_config=request.run_config if request else None,
            tags=dict(request.tags) if request else None,
            instance=instance,
            raise_on_error=True,
        )


def materialized(result: dg.ExecuteInProcessResult, asset: str) -> list[str | None]:
    return [
        event.partition
        for event in result.all_events
        if event.is_step_materialization and event.asset_key == dg.AssetKey(asset)
    ]


def late_requests() -> list[dg.RunRequest]:
    from analytics_pipelines.sensors import late_events

    with dg.DagsterInstance.ephemeral() as instance:
        found = late_events(dg.build_sensor_context(instance=instance), analytics=AnalyticsResource())
    return [] if isinstance(found, dg.SkipReason) else list(found)  # type: ignore[call-overload]


def counted(clickhouse: ClickHouse) -> dict[date, int]:
    return dict(clickhouse.query("SELECT day, sum(events) FROM event_counts_hourly GROUP BY day").rows)


def test_a_partition_that_one_starts_is_made_from_nothing(clickhouse: ClickHouse, postgres: Postgres) -> None:
    day = date(2020, 5, 6)
    store(clickhouse, postgres, day, day, day + timedelta(days=1))
    result = run(partition="2020-05-06")
    for table in TABLES:
        assert materialized(result, table) == ["2020-05-06"]
    assert counted(clickhouse) == {day: 2}
    assert dirty(postgres) == [day + timedelta(days=1)]


def test_the_schedule_sums_up_today_and_yesterday(clickhouse: ClickHouse, postgres: Postgres, tmp_path: Path) -> None:
    from analytics_pipelines.schedules import roll_up_today

    yesterday = TODAY - timedelta(days=1)
    store(clickhouse, postgres, TODAY, yesterday, yesterday - timedelta(days=1))
    tick = datetime(TODAY.year, TODAY.month, TODAY.day, 0, 10, tzinfo=UTC)
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        request = roll_up_today(dg.build_schedule_context(instance=instance, scheduled_execution_time=tick))
    assert isinstance(request, dg.RunRequest)
    result = run(request)
    assert materialized(result, "sessions") == [f"{yesterday}", f"{TODAY}"]
    assert counted(clickhouse) == {TODAY: 1, yesterday: 1}


def test_yesterday_is_closed_by_making_it_anew(clickhouse: ClickHouse, postgres: Postgres) -> None:
    from analytics_pipelines.schedules import close_yesterday

    yesterday = TODAY - timedelta(days=1)
    store(clickhouse, postgres, yesterday)
    tick = datetime(TODAY.year, TODAY.month, TODAY.day, 0, 20, tzinfo=UTC)
    request = close_yesterday(dg.build_schedule_context(scheduled_execution_time=tick))
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == f"{yesterday}"
    run(request)
    assert dirty(postgres) == []
    clickhouse.command("TRUNCATE TABLE event_counts_hourly")
    run(request)
    assert counted(clickhouse) == {yesterday: 1}


def test_late_days_in_a_row_share_a_run_and_others_have_their_own(clickhouse: ClickHouse, postgres: Postgres) -> None:
    row = [date(2020, 5, 6) + timedelta(days=n) for n in range(3)]
    store(clickhouse, postgres, *row, date(2021, 1, 1), TODAY, TODAY - timedelta(days=1))
    requests = late_requests()
    ranges = [
        request.partition_key or tuple(request.tags[f"dagster/asset_partition_range_{end}"] for end in ("start", "end"))
        for request in requests
    ]
    assert ranges == [("2020-05-06", "2020-05-08"), "2021-01-01"]
    for request in requests:
        run(request)
    assert counted(clickhouse) == dict.fromkeys([*row, date(2021, 1, 1)], 1)
    assert dirty(postgres) == [TODAY - timedelta(days=1), TODAY]
    assert late_requests() == []


def test_a_late_day_has_a_new_run_key_when_it_is_touched_again(clickhouse: ClickHouse, postgres: Postgres) -> None:
    day = date(2020, 5, 6)
    store(clickhouse, postgres, day)
    (first,) = late_requests()
    (same,) = late_requests()
    store(clickhouse, postgres, day)
    (again,) = late_requests()
    assert first.run_key.rpartition(":")[0] == same.run_key.rpartition(":")[0]  # type: ignore[union-attr]
    assert first.run_key != again.run_key


def test_a_tick_asks_for_no_more_than_twenty_runs(clickhouse: ClickHouse, postgres: Postgres) -> None:
    store(clickhouse, postgres, *(date(2020, 1, 1) + timedelta(days=2 * n) for n in range(30)))
    assert len(late_requests()) == 20


def test_an_import_of_days_before_the_first_partition_is_in_the_first(
    clickhouse: ClickHouse, postgres: Postgres
) -> None:
    days = [date(1997, 1, 1), date(1998, 6, 30), date(1965, 3, 4)]
    store(clickhouse, postgres, *days)
    (request,) = late_requests()
    assert request.partition_key == "2015-01-01"
    result = run(request)
    assert materialized(result, "event_counts_hourly") == ["2015-01-01"]
    assert counted(clickhouse) == dict.fromkeys(days, 1)
    assert dirty(postgres) == []
    clickhouse.command("TRUNCATE TABLE event_counts_hourly")
    run(partition="2015-01-01")  # started by hand: all of them from nothing
    assert counted(clickhouse) == dict.fromkeys(days, 1)


def test_partitions_of_days_reach_into_today_and_stay_few() -> None:
    from analytics_pipelines.partitions import event_day

    keys = event_day.get_partition_keys()
    assert keys[-1] in {f"{datetime.now(UTC):%Y-%m-%d}", f"{TODAY}"}
    assert len(keys) < 10_000


def test_a_request_names_the_partitions_of_its_days() -> None:
    from analytics_pipelines.schedules import rollup_request

    request = rollup_request(Days(date(1900, 1, 1), date(2015, 1, 2)), "k", only_changed=True, tags={})
    assert request.tags["dagster/asset_partition_range_start"] == "2015-01-01"
    assert request.tags["dagster/asset_partition_range_end"] == "2015-01-02"
