"""`analytics erasures`, and erasing and exporting a person."""

import json
import zipfile
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from test_cli_persons import send

pytestmark = pytest.mark.engines


def rows_of(running: Any, distinct_id: str) -> int:
    found = running.stack.clickhouse.query(
        "SELECT count() FROM events WHERE distinct_id = {id:String}", {"id": distinct_id}
    )
    return int(found.one()[0])


def test_a_person_is_exported_and_then_erased_with_proof(running: Any, analytics: Any, tmp_path: Path) -> None:
    device, user, project = f"device-{uuid4()}", f"user-{uuid4()}", ["--project", str(running.stack.project)]
    send(running, {"event": "page", "distinct_id": device, "properties": {"$set": {"theme": "dark"}, "n": 1}})
    send(running, {"event": "$identify", "distinct_id": user, "properties": {"$anon_distinct_id": device}})
    send(running, {"event": "page", "distinct_id": "somebody else", "properties": {}})
    assert analytics("flush").exit_code == 0
    file = tmp_path / "person.zip"
    found = analytics("persons", "export", *project, device, str(file), "--json")
    assert found.exit_code == 0, found.output
    said = json.loads(found.stdout)
    assert (said["distinct_ids"], said["objects"]["events"]) == (sorted([device, user]), 2)
    with zipfile.ZipFile(file) as archive:
        (person,) = [json.loads(line) for line in archive.read("persons.jsonl").splitlines()]
        events = [json.loads(line) for line in archive.read("events.jsonl").splitlines()]
        (merge,) = [json.loads(line) for line in archive.read("merges.jsonl").splitlines()]
    assert person["properties"] == {"theme": "dark"}
    assert {each["distinct_id"]: each["properties"].get("n") for each in events} == {device: 1, user: None}
    assert (merge["target"], merge["other"]) == (user, device)
    again = analytics("persons", "export", *project, device, str(file))
    assert (again.exit_code, "is there already" in again.output) == (1, True)

    found = analytics("persons", "delete", *project, user, "--events", "--json")
    assert found.exit_code == 0, found.output
    done = json.loads(found.stdout)
    assert (done["state"], done["kind"], done["project_id"]) == ("verified", "person", running.stack.project)
    assert (rows_of(running, device), rows_of(running, user), rows_of(running, "somebody else")) == (0, 0, 1)
    shown = analytics("erasures", "show", str(done["id"]))
    assert f"Erasure {done['id']} of project {running.stack.project} (person): verified" in shown.output
    assert user not in shown.output
    listed = json.loads(analytics("erasures", "list", "--json").stdout)
    assert listed[0]["id"] == done["id"]


def test_events_are_erased_by_name(running: Any, analytics: Any) -> None:
    name, who = f"card {uuid4()}", str(uuid4())
    send(running, *({"event": event, "distinct_id": who, "properties": {}} for event in (name, "page")))
    assert analytics("flush").exit_code == 0
    found = analytics("erasures", "ask", "--project", str(running.stack.project), "--event", name)
    assert found.exit_code == 0, found.output
    assert "clickhouse.events" in found.output
    assert rows_of(running, who) == 1


def test_people_are_told_what_to_say_of_erasures(running: Any, analytics: Any) -> None:
    project = ["--project", str(running.stack.project)]
    for arguments, words in {
        ("ask", *project): "--group, --event (with --from, --to) and --everything",
        ("ask", *project, "--event", "a", "--everything"): "--group, --event",
        ("ask", *project, "--group", "3", "acme"): "no kind of groups with the index 3",
        ("ask", "--project", "99", "--everything"): "There is no project 99",
        ("show", "99"): "There is no erasure 99",
        ("run", "99"): "There is no erasure 99",
        ("ask", *project, "--from", "soon"): "'soon' is no moment",
    }.items():
        found = analytics("erasures", *arguments)
        assert found.exit_code == 1, found.output
        assert words in found.output
    assert analytics("erasures", "run").exit_code == 0
