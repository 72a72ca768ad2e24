"""Saved insights and the installation's questions as Dagster answers them, on real engines."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import dagster as dg
import pytest

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.dashboards.boards import Dashboards
from analytics_pipelines.dashboards.insights import Insight, Insights
from analytics_pipelines.dashboards.partitions import InsightPartitions, partition_key
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ROLLUPS
from analytics_pipelines.rollups.watermark import touch_days
from analytics_pipelines.settings import settings_of_process
from analytics_pipelines.views.definitions import VIEWS, outdated
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres
from resources.shells import AnalyticsResource

pytestmark = pytest.mark.engines

NOW = datetime.now(UTC)
COUNT = {"kind": "HogQLQuery", "query": "select count() from events"}
BROKEN = {"kind": "HogQLQuery", "query": "select intDiv(1, 0)"}


@pytest.fixture(autouse=True)
def _settings(migrated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", migrated.clickhouse_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_READER_URL", migrated.reader_url)
    monkeypatch.setenv("ANALYTICS_OBJECT_STORE_URL", (tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()
    yield
    settings_of_process.cache_clear()


@pytest.fixture
def project(postgres: Postgres) -> Project:
    People(postgres).ensure_first("Us", "Ours", "phc_x", "admin@example.com")
    (found,) = Projects(postgres).all()
    return found


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as found:
        yield found


def save(postgres: Postgres, project: Project, query: Any, name: str = "") -> Insight:
    return Insights(postgres, project.id).create({"query": query, "name": name}, None)


def key(project: Project, insight: Insight) -> str:
    return partition_key(project.id, insight.short_id)


def store(clickhouse: ClickHouse, postgres: Postgres, project: Project, *events: tuple[str, datetime, UUID]) -> None:
    rows = [[project.id, uuid4(), name, "ada", person, at, NOW] for name, at, person in events]
    names = ["team_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "received_at"]
    clickhouse.insert_rows("events", rows, names)
    touch_days(postgres, sorted({(project.id, at.date()) for _, at, _ in events}), NOW)


def reconcile(instance: dg.DagsterInstance) -> list[dg.RunRequest]:
    """What the sensor that knows the insights does; the runs it asks for."""
    from analytics_pipelines.sensors import insights_come_and_go

    context = dg.build_sensor_context(instance=instance, resources={"analytics": AnalyticsResource()})
    result = insights_come_and_go(context)
    if isinstance(result, dg.SkipReason):
        return []
    assert isinstance(result, dg.SensorResult)
    for request in result.dynamic_partitions_requests or []:
        if isinstance(request, dg.AddDynamicPartitionsRequest):
            instance.add_dynamic_partitions("insights", list(request.partition_keys))
        else:
            for each in request.partition_keys:
                instance.delete_dynamic_partition("insights", each)
    return list(result.run_requests or [])


def run(instance: dg.DagsterInstance, job: str = "insight_job", **more: Any) -> dg.ExecuteInProcessResult:
    from analytics_pipelines.definitions import defs

    return defs.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **more)


def span(first: str, last: str) -> dict[str, Any]:
    return {"tags": {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}}


def materialized(instance: dg.DagsterInstance) -> dict[str, dict[str, Any]]:
    """The metadata of the last materialization of each partition."""
    records = instance.fetch_materializations(dg.AssetKey("insight_results"), limit=1000).records
    return {
        str(record.partition_key): {name: value.value for name, value in found.metadata.items()}
        for record in reversed(records)
        if (found := record.asset_materialization)
    }


def failed_partitions(instance: dg.DagsterInstance) -> set[str]:
    from dagster._core.storage.partition_status_cache import get_and_update_asset_status_cache_value

    from analytics_pipelines.partitions import insights

    with dg.partition_loading_context(dynamic_partitions_store=instance):
        value = get_and_update_asset_status_cache_value(instance, dg.AssetKey("insight_results"), insights)
        assert value
        return set(value.deserialize_failed_partition_subsets(insights).get_partition_keys())


def stored(postgres: Postgres, insight: Insight) -> list[dict[str, Any]]:
    return postgres.rows("SELECT * FROM insight_results WHERE insight_id = %s", [insight.id])


def test_an_insight_has_a_partition_as_long_as_it_is_there(
    postgres: Postgres, project: Project, instance: dg.DagsterInstance
) -> None:
    one, two = save(postgres, project, COUNT), save(postgres, project, COUNT)
    reconcile(instance)
    assert instance.get_dynamic_partitions("insights") == [key(project, one), key(project, two)]
    saved = Insights(postgres, project.id)
    saved.change(one.id, {"name": "Another name"}, None)
    saved.change(two.id, {"deleted": True}, None)
    reconcile(instance)
    assert instance.get_dynamic_partitions("insights") == [key(project, one)]
    saved.change(two.id, {"deleted": False}, None)
    reconcile(instance)
    assert set(instance.get_dynamic_partitions("insights")) == {key(project, one), key(project, two)}
    Projects(postgres).delete(project.id)
    reconcile(instance)
    assert instance.get_dynamic_partitions("insights") == []


def test_a_partition_is_answered_on_demand(
    postgres: Postgres, clickhouse: ClickHouse, project: Project, instance: dg.DagsterInstance
) -> None:
    store(clickhouse, postgres, project, ("page", NOW, uuid4()), ("page", NOW, uuid4()))
    insight = save(postgres, project, COUNT, "How many")
    reconcile(instance)
    assert run(instance, partition_key=key(project, insight)).success
    (row,) = stored(postgres, insight)
    assert row["answer"]["results"] == [[2]]
    metadata = materialized(instance)[key(project, insight)]
    assert metadata["insight"] == "How many"
    assert metadata["begins"] == "[[2]]"
    assert metadata["data_version"] == row["data_version"] > 0
    assert metadata["milliseconds"] == row["milliseconds"]
    assert {"rows_read", "results", "questions"} <= set(metadata)


def test_an_insight_that_fails_fails_its_partition_alone(
    postgres: Postgres, project: Project, instance: dg.DagsterInstance
) -> None:
    insights = [save(postgres, project, query) for query in (COUNT, BROKEN, COUNT)]
    reconcile(instance)
    first, broken, last = (key(project, insight) for insight in insights)
    result = run(instance, **span(first, last))
    assert not result.success
    assert set(materialized(instance)) == {first, last}
    assert failed_partitions(instance) == {broken}
    (row,) = stored(postgres, insights[1])
    assert (row["answer"], row["error"]["status"]) == (None, 400)


def test_the_questions_of_filtered_dashboards_are_answered_too(
    postgres: Postgres, clickhouse: ClickHouse, project: Project, instance: dg.DagsterInstance
) -> None:
    store(clickhouse, postgres, project, ("page", NOW - timedelta(days=40), uuid4()), ("page", NOW, uuid4()))
    insight = save(postgres, project, {"kind": "HogQLQuery", "query": "select count() from events where {filters}"})
    boards = Dashboards(postgres, project.id)
    made = [boards.create({"filters": {"date_from": since}}, None)[0].id for since in ("-7d", "-90d")]
    Insights(postgres, project.id).change(insight.id, {}, None, dashboards=made)
    reconcile(instance)
    assert run(instance, partition_key=key(project, insight)).success
    assert sorted(row["answer"]["results"][0][0] for row in stored(postgres, insight)) == [1, 2, 2]
    assert materialized(instance)[key(project, insight)]["questions"] == 3


def age(postgres: Postgres, hours: int) -> None:
    postgres.execute(
        "UPDATE insight_results SET computed_at = computed_at - make_interval(hours => %s),"
        " attempted_at = attempted_at - make_interval(hours => %s)",
        [hours, hours],
    )


def due(postgres: Postgres) -> set[str]:
    return {each.key for each in InsightPartitions(postgres).due(datetime.now(UTC), 100)}


def test_only_stale_insights_that_people_look_at_are_due(
    postgres: Postgres, clickhouse: ClickHouse, project: Project, instance: dg.DagsterInstance
) -> None:
    watched, forgotten = save(postgres, project, COUNT), save(postgres, project, COUNT)
    assert due(postgres) == {key(project, watched), key(project, forgotten)}, "they were never answered"
    assert run(instance, "insight_refresh_job").success
    assert set(materialized(instance)) == {key(project, watched), key(project, forgotten)}
    assert due(postgres) == set()
    age(postgres, 1)
    assert due(postgres) == set()
    Insights(postgres, project.id).viewed([watched.id])
    store(clickhouse, postgres, project, ("page", NOW, uuid4()))
    assert due(postgres) == {key(project, watched)}, "its data changed, and someone looks at it"
    age(postgres, 6)
    assert due(postgres) == {key(project, watched), key(project, forgotten)}, "they are old"
    postgres.execute("UPDATE insights SET last_modified_at = last_modified_at - interval '31 days'")
    assert due(postgres) == {key(project, watched)}, "nobody looked at the other for a month"
    assert run(instance, "insight_refresh_job").success
    assert due(postgres) == set()
    assert stored(postgres, watched)[0]["answer"]["results"] == [[1]]


def verdict(instance: dg.DagsterInstance) -> tuple[bool, Any]:
    """What the check of the asset last said."""
    check = dg.AssetCheckKey(dg.AssetKey("insight_results"), "insights_are_answered")
    record = instance.event_log_storage.get_latest_asset_check_execution_by_key([check])[check]
    assert record.event
    assert record.event.dagster_event
    said = record.event.dagster_event.asset_check_evaluation_data
    return said.passed, said.metadata["insights"].value


def test_a_failing_insight_is_seen_in_dagster_once_an_episode(
    postgres: Postgres, project: Project, instance: dg.DagsterInstance
) -> None:
    good, broken = save(postgres, project, COUNT), save(postgres, project, BROKEN)
    assert reconcile(instance) == []
    assert run(instance, "insight_refresh_job").success
    assert due(postgres) == set(), "it is not tried again at once"
    assert verdict(instance) == (False, [key(project, broken)])
    (request,) = reconcile(instance)
    assert request.partition_key == key(project, broken)
    assert not run(instance, partition_key=request.partition_key).success
    assert failed_partitions(instance) == {key(project, broken)}
    (again,) = reconcile(instance)
    assert again.run_key == request.run_key
    Insights(postgres, project.id).change(broken.id, {"query": COUNT}, None)
    assert run(instance, "insight_refresh_job").success
    assert reconcile(instance) == []
    assert verdict(instance) == (True, [])
    assert failed_partitions(instance) == set()
    assert good.id != broken.id


def test_one_run_at_a_time_and_none_without_need(postgres: Postgres, instance: dg.DagsterInstance) -> None:
    from analytics_pipelines.jobs import insight_refresh_job
    from analytics_pipelines.schedules import insight_refresh_request

    analytics = AnalyticsResource()
    assert isinstance(insight_refresh_request(instance, analytics, "x"), dg.SkipReason)
    People(postgres).ensure_first("Us", "Ours", "phc_x", "admin@example.com")
    save(postgres, Projects(postgres).all()[0], COUNT)
    request = insight_refresh_request(instance, analytics, "x")
    assert isinstance(request, dg.RunRequest)
    instance.create_run_for_job(insight_refresh_job, status=dg.DagsterRunStatus.STARTED)
    assert isinstance(insight_refresh_request(instance, analytics, "x"), dg.SkipReason)


def test_the_questions_of_the_installation_are_views_with_right_answers(
    postgres: Postgres, clickhouse: ClickHouse, project: Project, instance: dg.DagsterInstance
) -> None:
    ada, bob = uuid4(), uuid4()
    monday = date(2026, 11, 16)
    at = [datetime(2026, 11, 16 + day, 12, tzinfo=UTC) for day in range(3)]
    events = [
        ("page", at[0], ada),
        ("page", at[0], ada),
        ("page", at[1], ada),
        ("page", at[1], bob),
        ("buy", at[2], bob),
    ]
    store(clickhouse, postgres, project, *events)
    for rollup in ROLLUPS:
        Builder(postgres, clickhouse, 10).catch_up(rollup, Days(monday, date(2026, 11, 20)), only_changed=False)
    assert outdated(clickhouse) == list(VIEWS)
    assert run(instance, "view_job").success
    assert outdated(clickhouse) == []

    def ask(columns: str, view: str) -> list[tuple[Any, ...]]:
        return [tuple(row) for row in clickhouse.query(f"SELECT {columns} FROM {view} ORDER BY ALL").rows]

    assert ask("team_id, toString(day), event, events, people", "query_events_by_day") == [
        (project.id, "2026-11-16", "page", 2, 1),
        (project.id, "2026-11-17", "page", 2, 2),
        (project.id, "2026-11-18", "buy", 1, 1),
    ]
    assert ask("toString(week), people, events", "query_active_people_by_week") == [("2026-11-16", 2, 5)]
    assert ask("toString(day), new_people, returning_people", "query_new_and_returning_people_by_day") == [
        ("2026-11-16", 1, 0),
        ("2026-11-17", 1, 1),
        ("2026-11-18", 0, 1),
    ]
    for view in ("query_top_pages", "query_traffic_by_day", "query_visits_by_channel"):
        assert ask("*", view) == [], "nobody had a session"


def test_a_view_of_another_release_is_made_anew(clickhouse: ClickHouse, instance: dg.DagsterInstance) -> None:
    from analytics_pipelines.sensors import views_are_outdated

    context = dg.build_sensor_context(instance=instance, resources={"analytics": AnalyticsResource()})
    request = views_are_outdated(context)
    assert isinstance(request, dg.RunRequest)
    assert run(instance, "view_job").success
    assert isinstance(views_are_outdated(context), dg.SkipReason)
    clickhouse.command("CREATE OR REPLACE VIEW query_top_pages AS SELECT 1 AS one")
    request = views_are_outdated(context)
    assert isinstance(request, dg.RunRequest)
    assert request.asset_selection == [dg.AssetKey("query_top_pages")]
