"""The ingest assets as Dagster runs them, on real engines."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import dagster as dg
import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import hour_of, raw_key
from analytics_pipelines.settings import settings_of_process
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

HOUR = hour_of(datetime.now(UTC))


@pytest.fixture
def store(migrated: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", migrated.clickhouse_url)
    monkeypatch.setenv("ANALYTICS_OBJECT_STORE_URL", (tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()
    yield ObjectStore((tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()


def put(store: ObjectStore, events: int, hour: datetime = HOUR, *, broken: int = 0) -> None:
    lines = [
        {
            "received_at": int(hour.timestamp() * 1000),
            "sent_at": None,
            "project": 1,
            "uuid": str(uuid4()),
            "event": {"event": "page", "distinct_id": "ada"} if number >= broken else {"event": "page"},
        }
        for number in range(events)
    ]
    payload = zstd.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    store.put(raw_key(hour, "node", payload), payload)


def run(hour: datetime = HOUR, **config: object) -> dg.ExecuteInProcessResult:
    from analytics_pipelines.definitions import defs

    with dg.DagsterInstance.ephemeral() as instance:
        return defs.resolve_job_def("ingest_job").execute_in_process(
            partition_key=f"{hour:%Y-%m-%d-%H}:00",
            run_config={"ops": {"ingest": {"config": config}}} if config else None,
            instance=instance,
            raise_on_error=False,
        )


def rows_of(result: dg.ExecuteInProcessResult, asset: str) -> list[tuple[str | None, int]]:
    return [
        (event.partition, event.step_materialization_data.materialization.metadata["dagster/row_count"].value)
        for event in result.all_events
        if event.is_step_materialization and event.asset_key == dg.AssetKey(asset)
    ]


def test_a_run_loads_its_hour_and_reports_rows_as_numbers(store: ObjectStore, clickhouse: ClickHouse) -> None:
    put(store, 5, broken=1)
    put(store, 3, HOUR - timedelta(hours=2))
    result = run()
    assert result.success
    partition = f"{HOUR:%Y-%m-%d-%H}:00"
    assert rows_of(result, "events") == [(partition, 4)]
    assert rows_of(result, "dead_letters") == [(partition, 1)]
    assert rows_of(result, "dropped_events") == [(partition, 0)]
    assert rows_of(result, "ingest_ledger") == [(partition, 1)]
    assert clickhouse.query("SELECT count() FROM events").one() == (4,)


def test_a_lingering_run_reports_the_hours_that_it_caught_up(store: ObjectStore, clickhouse: ClickHouse) -> None:
    earlier = HOUR - timedelta(hours=2)
    put(store, 3, earlier)
    put(store, 5)
    result = run(linger_seconds=2)  # time for two batches on a busy machine
    assert result.success
    reported = rows_of(result, "events")
    assert sum(count for _, count in reported) == 8
    assert (f"{earlier:%Y-%m-%d-%H}:00", 3) in reported
    assert clickhouse.query("SELECT count() FROM events").one() == (8,)


def test_the_checks_pass_when_tables_and_ledger_agree(store: ObjectStore) -> None:
    put(store, 5, broken=2)
    result = run()
    evaluations = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert evaluations == {"events_match_ledger": True, "events_are_unique": True, "ingest_lag": True}


def test_rows_that_went_missing_fail_the_blocking_check(
    store: ObjectStore, clickhouse: ClickHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analytics_pipelines.ingest.ledger import Ledger

    close = Ledger.close

    def lose_a_row_after_closing(self: Ledger, *arguments: Any) -> None:
        close(self, *arguments)
        clickhouse.command("DELETE FROM events WHERE uuid IN (SELECT uuid FROM events LIMIT 1)")

    monkeypatch.setattr(Ledger, "close", lose_a_row_after_closing)
    put(store, 5)
    result = run()
    assert not result.success
    (failed,) = [check for check in result.get_asset_check_evaluations() if not check.passed]
    assert failed.check_name == "events_match_ledger"
    (mismatch,) = failed.metadata["first"].value  # type: ignore[union-attr]
    assert (mismatch["ledger"], mismatch["stored"]) == (5, 4)


def test_an_event_that_is_stored_twice_is_noticed(store: ObjectStore, clickhouse: ClickHouse) -> None:
    put(store, 2)
    run()
    clickhouse.command("INSERT INTO events SELECT * FROM events LIMIT 1")
    result = run()
    evaluations = {check.check_name: check.passed for check in result.get_asset_check_evaluations()}
    assert evaluations["events_are_unique"] is False


def test_statements_carry_the_run_in_their_comment(store: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    comments: list[str] = []
    command = ClickHouse._settings

    def remember(self: ClickHouse, given: Any) -> dict[str, Any]:
        made = command(self, given)
        comments.append(made.get("log_comment", ""))
        return made

    monkeypatch.setattr(ClickHouse, "_settings", remember)
    put(store, 1)
    result = run()
    mine = [json.loads(comment) for comment in comments if comment]
    assert mine
    assert all(comment["run_id"] == result.run_id for comment in mine)


def test_the_sensor_asks_for_a_run_only_when_none_is_there(store: ObjectStore, postgres: Postgres) -> None:
    from analytics_pipelines.ingest.drain import LOCK_CLASS, RELAY
    from analytics_pipelines.sensors import ingestion_is_away
    from resources.shells import AnalyticsResource

    def tick() -> dg.RunRequest | dg.SkipReason:
        with dg.DagsterInstance.ephemeral() as instance:
            context = dg.build_sensor_context(instance=instance)
            return ingestion_is_away(context, analytics=AnalyticsResource())  # type: ignore[return-value]

    request = tick()
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == f"{datetime.now(UTC):%Y-%m-%d-%H}:00"
    with postgres.session() as session:
        session.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK_CLASS, RELAY])
        assert isinstance(tick(), dg.SkipReason)


def test_the_schedule_asks_for_a_lingering_run_of_the_ticks_hour(store: ObjectStore) -> None:
    from analytics_pipelines.schedules import keep_ingesting

    context = dg.build_schedule_context(scheduled_execution_time=datetime(2026, 11, 23, 10, 35, tzinfo=UTC))
    request = keep_ingesting(context)
    assert isinstance(request, dg.RunRequest)
    assert request.partition_key == "2026-11-23-10:00"
    assert request.run_config["ops"]["ingest"]["config"]["linger_seconds"] == 330
