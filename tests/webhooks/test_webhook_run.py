"""`webhook_deliveries` as Dagster runs it."""

import json
import threading
import time
from typing import Any

import dagster as dg
import pytest
from hook_receiver import Receiver, receiving

from analytics_pipelines.webhooks.deliver import destination_keys, someone_delivers

pytestmark = pytest.mark.engines


@pytest.fixture
def dagster(world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs a job over these settings."""
    from analytics_pipelines.definitions import defs

    monkeypatch.setattr("resources.shells.settings_of_process", lambda: world.settings)

    def run(instance: dg.DagsterInstance, job: str, **more: Any) -> dg.ExecuteInProcessResult:
        return defs.resolve_job_def(job).execute_in_process(instance=instance, raise_on_error=False, **more)

    return run


def test_a_partition_is_told_what_waits_and_one_that_fails_fails_alone(
    world: Any, dagster: Any, receiver: Receiver
) -> None:
    with receiving(lambda *_: 500) as broken, dg.DagsterInstance.ephemeral() as instance:
        good, bad = world.destination(receiver), world.destination(broken)
        ids = world.arrive("a", "b")
        keys = list(destination_keys(world.postgres).values())
        assert {f"{world.team_id}-{good.id}", f"{world.team_id}-{bad.id}"} <= set(keys)
        instance.add_dynamic_partitions("destinations", keys)
        done = dagster(instance, "delivery_job", partition_key=f"{world.team_id}-{good.id}")
        assert done.success
        (made,) = done.asset_materializations_for_node("webhook_deliveries")
        assert made.metadata["delivered"].value == 2
        assert [json.loads(got.body)["event"]["uuid"] for got in receiver.got] == ids
        assert broken.got == []
        failed = dagster(instance, "delivery_job", partition_key=f"{world.team_id}-{bad.id}")
        assert not failed.success
        assert world.health(good)["state"] == "healthy"


def test_a_lingering_run_tells_of_what_arrives_within_seconds_and_ends_for_its_successor(
    world: Any, dagster: Any, receiver: Receiver
) -> None:
    world.destination(receiver)
    with dg.DagsterInstance.ephemeral() as instance:
        ended: list[Any] = []

        def follow(seconds: float) -> None:
            config = {"ops": {"deliver_to_all": {"config": {"linger_seconds": seconds}}}}
            ended.append(dagster(instance, "follow_job", run_config=config))

        first = threading.Thread(target=follow, args=[60.0])
        first.start()
        with world.postgres.session() as session:
            until = time.monotonic() + 30
            while not someone_delivers(session) and time.monotonic() < until:
                time.sleep(0.05)
        world.arrive("a")
        arrived = time.monotonic()
        while not receiver.got and time.monotonic() - arrived < 20:
            time.sleep(0.05)
        assert time.monotonic() - arrived < 10
        follow(0.5)  # its predecessor ends when this one waits
        first.join(30)
        assert [each.success for each in ended] == [True, True]
        made = instance.fetch_materializations(dg.AssetKey("webhook_deliveries"), limit=10).records
        assert [record.asset_materialization.metadata["delivered"].value for record in made] == [1]


def test_the_sensor_gives_partitions_and_starts_a_run_when_there_is_somebody_to_tell(
    world: Any, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analytics_pipelines.sensors import destinations_are_followed
    from resources.shells import AnalyticsResource

    monkeypatch.setattr("resources.shells.settings_of_process", lambda: world.settings)
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_sensor_context(instance=instance)
        assert isinstance(destinations_are_followed(context, analytics=AnalyticsResource()), dg.SkipReason)
        made = world.destination(receiver)
        found = destinations_are_followed(context, analytics=AnalyticsResource())
        assert len(found.run_requests) == 1
        (added,) = found.dynamic_partitions_requests
        assert added.partition_keys == [f"{world.team_id}-{made.id}"]
