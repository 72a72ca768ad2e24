"""The asset graph, as a snapshot: nothing in it changes by accident."""

import dagster as dg
import pytest
from syrupy.assertion import SnapshotAssertion


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    from analytics_pipelines.definitions import defs

    return defs


def test_the_graph_is_as_agreed(defs: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    graph = defs.resolve_asset_graph()
    repository = defs.get_repository_def()
    specs = {spec.key: spec for spec in defs.resolve_all_asset_specs()}
    shown = {
        "assets": {
            key.to_user_string(): {
                "group": node.group_name,
                "kinds": sorted(node.kinds),
                "owners": sorted(node.owners),
                "deps": sorted(parent.to_user_string() for parent in node.parent_keys),
                "partitions": type(node.partitions_def).__name__ if node.partitions_def else None,
                "materializable": node.is_materializable,
                "versioned": specs[key].code_version is not None,
                "fresh": specs[key].freshness_policy is not None,
            }
            for key in sorted(graph.get_all_asset_keys())
            for node in [graph.get(key)]
        },
        "checks": {
            key.to_user_string(): {"blocking": graph.get_check_spec(key).blocking}
            for key in sorted(graph.asset_check_keys, key=str)
        },
        "jobs": {
            job.name: sorted(key.to_user_string() for key in job.asset_layer.executable_asset_keys)
            for job in sorted(repository.get_all_jobs(), key=lambda job: job.name)
            if not job.name.startswith("__")
        },
        "schedules": {
            schedule.name: (schedule.cron_schedule, schedule.default_status.value)
            for schedule in repository.schedule_defs
        },
        "sensors": {
            sensor.name: (sensor.minimum_interval_seconds, sensor.default_status.value)
            for sensor in repository.sensor_defs
        },
    }
    assert shown == snapshot


def test_every_asset_says_what_it_means(defs: dg.Definitions) -> None:
    graph = defs.resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        description = graph.get(key).description
        assert description, key
        assert description.split(".")[0].count(" ") >= 5, key


def test_partitions_of_arrival_reach_into_the_current_hour() -> None:
    from datetime import UTC, datetime, timedelta

    from analytics_pipelines.partitions import arrival_hour

    hours = {f"{datetime.now(UTC) + timedelta(minutes=minutes):%Y-%m-%d-%H}:00" for minutes in (-1, 0)}
    assert arrival_hour.get_last_partition_key() in hours
