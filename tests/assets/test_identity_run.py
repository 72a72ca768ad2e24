"""The assets of identity as Dagster runs them, on real engines."""

from pathlib import Path
from typing import Any
from uuid import UUID

import dagster as dg
import pytest

from analytics_pipelines import faults
from analytics_pipelines.catalog.rebuild import note_projects
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.sensors import names_are_outdated
from analytics_pipelines.settings import settings_of_process
from assets import identity
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres
from resources.shells import RESOURCES, AnalyticsResource

pytestmark = pytest.mark.engines


@pytest.fixture
def overridden(migrated: Any, clickhouse: ClickHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A device merged into a user who was there before, through raw objects."""
    import json
    from datetime import UTC, datetime

    from analytics_pipelines.events import zstd
    from analytics_pipelines.events.keys import raw_key

    monkeypatch.setenv("ANALYTICS_POSTGRES_URL", migrated.postgres_url)
    monkeypatch.setenv("ANALYTICS_CLICKHOUSE_URL", migrated.clickhouse_url)
    monkeypatch.setenv("ANALYTICS_OBJECT_STORE_URL", (tmp_path / "bucket").as_uri())
    settings_of_process.cache_clear()
    now = datetime.now(UTC)
    events = [
        {"event": "login", "distinct_id": "user", "timestamp": "2026-01-01T00:00:00Z"},
        {"event": "page", "distinct_id": "device", "properties": {"$process_person_profile": False}},
        {"event": "$identify", "distinct_id": "user", "properties": {"$anon_distinct_id": "device"}},
    ]
    lines = [
        {
            "received_at": int(now.timestamp() * 1000),
            "sent_at": None,
            "project": 1,
            "uuid": str(UUID(int=number)),
            "event": event,
        }
        for number, event in enumerate(events, 1)
    ]
    drain = Drain.of(settings_of_process(), {})
    payload = zstd.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    drain.store.put(raw_key(now, "node", payload), payload)
    drain.everything()
    drain.postgres.close()
    yield clickhouse
    settings_of_process.cache_clear()


def run(*assets: dg.AssetsDefinition) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(list(assets), resources=RESOURCES, instance=instance, raise_on_error=False)


def metadata(result: dg.ExecuteInProcessResult, asset: str) -> dict[str, Any]:
    (found,) = result.asset_materializations_for_node(asset)
    return {name: value.value for name, value in found.metadata.items()}


def stored_person(clickhouse: ClickHouse) -> Any:
    return clickhouse.query("SELECT DISTINCT person_id FROM events WHERE distinct_id = 'device'").one()[0]


def test_the_squash_folds_overrides_into_events_and_says_how_many(overridden: ClickHouse) -> None:
    assert stored_person(overridden) == person_id(1, "device")
    result = run(identity.squashed_events)
    assert result.success
    found = [
        {name: value.value for name, value in event.step_materialization_data.materialization.metadata.items()}
        for event in result.all_events
        if event.is_step_materialization
    ]
    assert found == [{"folded_overrides": 1, "overrides_left": 0, "days_rewritten": 1}]
    assert stored_person(overridden) == person_id(1, "user")


def test_a_squash_that_failed_is_run_again(overridden: ClickHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "_plan", {"squash.after_day": ("raise", 1)})
    monkeypatch.setattr(faults, "_passes", {})
    assert not run(identity.squashed_events).success
    monkeypatch.setattr(faults, "_plan", {})
    assert run(identity.squashed_events).success
    assert overridden.query("SELECT count() FROM person_overrides FINAL WHERE is_deleted = 0").one() == (0,)


def test_persons_are_made_anew_and_counted(overridden: ClickHouse) -> None:
    overridden.command("TRUNCATE TABLE person_words")
    result = run(identity.rebuild_persons)
    assert result.success
    found = {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization.metadata[
            "dagster/row_count"
        ].value
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }
    assert found == {"persons": 1, "person_overrides": 1}


def test_groups_and_names_are_made_anew_and_counted(overridden: ClickHouse) -> None:
    overridden.command("TRUNCATE TABLE sightings")
    result = run(identity.rebuild_names)
    assert result.success
    found = {
        event.asset_key.to_user_string(): {
            name: value.value
            for name, value in event.step_materialization_data.materialization.metadata.items()
            if name != "dagster/row_count"
        }
        for event in result.all_events
        if event.is_step_materialization and event.asset_key
    }
    names = overridden.query("SELECT count() FROM (SELECT DISTINCT kind, name FROM sightings)").one()[0]
    assert names > 3
    assert found == {
        "groups": {"rows_mended": 0, "projects": 1},
        "property_catalog": {"rows_mended": names, "projects": 1},
    }


def test_a_run_is_asked_for_once_an_hour_while_names_are_outdated(overridden: ClickHouse, migrated: Any) -> None:
    def look() -> Any:
        with dg.DagsterInstance.ephemeral() as instance:
            return names_are_outdated(dg.build_sensor_context(instance=instance), analytics=AnalyticsResource())

    assert isinstance(look(), dg.SkipReason)
    postgres = Postgres(migrated.postgres_url)
    note_projects(postgres, [1])
    postgres.close()
    asked, again = look(), look()
    assert asked.run_key == again.run_key
    with dg.DagsterInstance.ephemeral() as instance:
        config = asked.run_config
        result = dg.materialize(
            [identity.rebuild_names], resources=RESOURCES, instance=instance, run_config=config, raise_on_error=False
        )
    assert result.success
    assert isinstance(look(), dg.SkipReason)
