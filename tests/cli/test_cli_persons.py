"""`analytics persons`: merges listed, taken back and put in place again; a person deleted."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.identity.person_id import person_id

pytestmark = pytest.mark.engines


def send(running: Any, *events: dict[str, Any]) -> None:
    now = datetime.now(UTC)
    lines = [
        {
            "received_at": int(now.timestamp() * 1000),
            "sent_at": None,
            "project": running.stack.project,
            "uuid": str(uuid4()),
            "event": event,
        }
        for event in events
    ]
    payload = zstd.compress("".join(json.dumps(line) + "\n" for line in lines).encode())
    running.store.put(raw_key(now, "node", payload), payload)


@pytest.fixture
def ids(running: Any, analytics: Any) -> tuple[str, str]:
    """A device and the user that it was merged into, both with events of their own."""
    device, user = f"device-{uuid4()}", f"user-{uuid4()}"
    send(
        running,
        {"event": "page", "distinct_id": device, "properties": {"$set": {"theme": "dark"}}},
        {"event": "login", "distinct_id": user, "timestamp": "2026-01-01T00:00:00Z", "properties": {}},
    )
    send(running, {"event": "$identify", "distinct_id": user, "properties": {"$anon_distinct_id": device}})
    found = analytics("flush")
    assert found.exit_code == 0, found.output
    return device, user


def persons(running: Any, analytics: Any, verb: str, *arguments: str) -> Any:
    found = analytics("persons", verb, "--project", str(running.stack.project), *arguments, "--json")
    assert found.exit_code == 0, found.output
    return json.loads(found.output)


def test_a_merge_is_listed_taken_back_and_put_in_place(running: Any, analytics: Any, ids: tuple[str, str]) -> None:
    device, user = ids
    (edge,) = persons(running, analytics, "merges", device)
    assert (edge["target"], edge["other"], edge["is_denied"]) == (user, device, False)
    own = {each: str(person_id(running.stack.project, each)) for each in ids}
    move = {"distinct_id": device, "from_person_id": own[user], "to_person_id": own[device]}
    expected = {"edges": [edge["uuid"]], "moves": [move], "dry_run": True}
    assert persons(running, analytics, "unmerge", device, "--from", user, "--dry-run") == expected
    assert persons(running, analytics, "unmerge", device, "--from", user) == {**expected, "dry_run": False}
    assert persons(running, analytics, "merges", user)[0]["is_denied"]
    back = persons(running, analytics, "remerge", device, "--edge", edge["uuid"])
    assert back["moves"] == [{"distinct_id": device, "from_person_id": own[device], "to_person_id": own[user]}]


def test_a_person_is_deleted(running: Any, analytics: Any, ids: tuple[str, str]) -> None:
    device, user = ids
    assert persons(running, analytics, "delete", device) == {"id": str(person_id(running.stack.project, user))}
    left = running.stack.clickhouse.query(
        "SELECT count() FROM person_distinct_ids FINAL WHERE is_deleted = 0 AND distinct_id IN {ids:Array(String)}",
        {"ids": list(ids)},
    )
    assert left.one() == (0,)


def test_people_are_told_what_to_say(running: Any, analytics: Any) -> None:
    project = ["--project", str(running.stack.project)]
    found = analytics("persons", "unmerge", *project, "ada")
    assert found.exit_code == 1
    assert "--from OTHER_ID, --edge UUID, --all" in found.output
    found = analytics("persons", "unmerge", *project, "nobody", "--all")
    assert found.exit_code == 1
    assert "knows no merge of 'nobody'" in found.output
    found = analytics("persons", "delete", *project, "nobody")
    assert found.exit_code == 1
    assert "no person with the distinct id 'nobody'" in found.output
