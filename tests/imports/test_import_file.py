"""Files through the command into the bucket, and from there, by the ordinary ingestion, into the tables."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from thorough import some

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.events.keys import is_raw_key, received_at
from analytics_pipelines.imports import writer as writer_module
from resources.object_store import ObjectStore, StoreUnavailable

pytestmark = pytest.mark.engines

Written = Callable[..., Path]

CSV = ("user,at,amount", *(f"u{number % 40},2024-01-{number % 28 + 1:02},{number}.5" for number in range(500)))
OPTIONS = ("--event=buy", "--distinct-id-column=user", "--timestamp-column=at")


def an_event(number: int, **more: Any) -> dict[str, Any]:
    at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    return {"event": "page", "distinct_id": f"u{number % 7}", "timestamp": at.isoformat(), "properties": {}, **more}


def test_a_line_has_the_envelope_of_what_sdks_send(stack: Any, written: Written) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    uuid = "01890a5d-ac96-774b-bcce-b302099a8057"
    stack.imported(written("a.jsonl", an_event(1, uuid=uuid)))
    ((key,), (line,)) = [each.key for each in stack.store.objects("raw/v1")], stack.lines()
    assert is_raw_key(key)
    assert before <= received_at(key) <= datetime.now(UTC)
    assert line == {
        "received_at": int(received_at(key).timestamp() * 1000),
        "sent_at": None,
        "ip": "",
        "user_agent": "",
        "token": stack.project.api_token,
        "project": stack.project.id,
        "path": "import",
        "historical": True,
        "uuid": uuid,
        "event": an_event(1, uuid=uuid),
    }


def test_events_of_json_lines_can_be_queried_as_they_were(stack: Any, written: Written) -> None:
    uuid = "01890a5d-ac96-774b-bcce-b302099a8057"
    said = stack.imported(
        written(
            "a.jsonl",
            an_event(1, uuid=uuid, properties={"plan": "pro", "$set": {"a": 1}}, elements_chain="a:b"),
            an_event(2, timestamp="2001-05-06 07:08:09.123456", offset=5),
        )
    )
    assert (said["rows"], said["events"], said["bad_rows"], said["objects"]) == (2, 2, 0, 1)
    stack.drain()
    assert stack.ask("SELECT uuid, event, distinct_id, timestamp, elements_chain FROM events ORDER BY timestamp")[
        1
    ] == (
        UUID(uuid),
        "page",
        "u1",
        datetime(2024, 1, 1, 1, tzinfo=UTC),
        "a:b",
    )
    assert stack.ask("SELECT min(timestamp) FROM events") == [(datetime(2001, 5, 6, 7, 8, 9, 123456, tzinfo=UTC),)]
    assert stack.count("dead_letters") == 0


def test_importing_a_file_twice_adds_nothing(stack: Any, written: Written) -> None:
    path = written("a.csv", *CSV)
    assert stack.imported(path, *OPTIONS)["events"] == 500
    stack.drain()
    said = stack.imported(path, *OPTIONS)
    assert (said["already_imported"], said["events"], said["objects"]) == (True, 500, 0)
    said = stack.imported(path, *OPTIONS, "--again")
    assert (said["already_imported"], said["events"], said["objects"]) == (False, 500, 1)
    stack.drain()
    assert stack.count() == 500


def test_without_its_state_an_import_that_is_repeated_is_harmless(stack: Any, written: Written) -> None:
    path = written("a.csv", *CSV, *CSV[1:])
    for _ in range(2):
        assert stack.imported(path, *OPTIONS)["objects"] == 1
        stack.postgres.execute("DELETE FROM imports")
    stack.drain()
    assert stack.count() == 1000


def test_equal_rows_are_two_events_unless_they_are_to_be_one(stack: Any, written: Written) -> None:
    path = written("a.csv", "user,at", "ada,2024-01-01", "bob,2024-01-01", "ada,2024-01-01", "ada,2024-01-01")
    said = stack.imported(path, *OPTIONS)
    assert (said["events"], said["duplicate_rows"]) == (4, 0)
    stack.drain()
    assert stack.count() == 4
    other = Projects(stack.postgres).create("Other")
    said = stack.imported(path, *OPTIONS, "--drop-duplicate-rows", "--project", other.id)
    assert (said["rows"], said["events"], said["duplicate_rows"]) == (4, 2, 2)
    stack.drain()
    assert stack.ask(f"SELECT count() FROM events WHERE team_id = {other.id}") == [(2,)]


def test_a_longer_export_adds_only_what_is_new(stack: Any, written: Written) -> None:
    stack.imported(written("a.csv", *CSV[:300]), *OPTIONS)
    stack.imported(written("b.csv", *CSV), *OPTIONS)
    stack.drain()
    assert stack.count() == 500


def test_another_mapping_of_the_same_file_makes_other_events(stack: Any, written: Written) -> None:
    path = written("a.csv", "user,signed_up,paid", "ada,2024-01-01,2024-02-01")
    for column in ("signed_up", "paid"):
        stack.imported(path, f"--event={column}", "--distinct-id-column=user", f"--timestamp-column={column}")
    stack.drain()
    assert stack.ask("SELECT event FROM events ORDER BY timestamp") == [("signed_up",), ("paid",)]


@pytest.mark.parametrize(
    ("kind", "point"), some([*product(("csv", "jsonl"), ("before_put", "after_put", "after_record"))], 2)
)
def test_a_killed_import_goes_on_and_stores_each_event_once(
    stack: Any, written: Written, point: str, kind: str
) -> None:
    if kind == "csv":
        arguments: tuple[Any, ...] = (written("a.csv", *CSV[:251], *CSV[1:251], ""), *OPTIONS)
    else:
        arguments = (written("a.jsonl", *(an_event(number % 250, n=number // 250) for number in range(500))),)
    killed = stack.process(*arguments, faults=f"import.{point}=kill@4")
    assert killed.returncode == -9, killed.stderr
    stored = len(stack.lines())
    assert 0 < stored < 500
    stack.drain()
    went_on = stack.process(*arguments, "--json")
    assert went_on.returncode == 0, went_on.stderr
    said = json.loads(went_on.stdout)
    assert (said["rows"], said["events"]) == (500, 500)
    assert said["resumed_at_row"] == stored - (50 if point == "after_put" else 0)
    assert len(stack.lines()) == 500 + (50 if point == "after_put" else 0)
    stack.drain()
    assert stack.count() == stack.ask("SELECT uniqExact(uuid) FROM events")[0][0] == 500


def test_a_row_of_the_future_stays_a_bad_row_when_the_import_goes_on_later(stack: Any, written: Written) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=2)
    events = [an_event(number) for number in range(200)]
    path = written("a.jsonl", an_event(0, timestamp=tomorrow.isoformat()), *events)
    assert stack.process(path, faults="import.after_record=kill@2").returncode == -9
    stack.postgres.execute("UPDATE imports SET started_at = started_at - interval '5 days'")
    said = stack.imported(path)
    assert (said["rows"], said["events"], said["bad_rows"]) == (201, 200, 1)
    stack.drain()
    assert stack.count() == 200


def test_an_import_that_was_killed_twice_ends_all_the_same(stack: Any, written: Written) -> None:
    path = written("a.csv", *CSV)
    for _ in range(2):
        assert stack.process(path, *OPTIONS, faults="import.after_put=kill@3").returncode == -9
        stack.drain()
    assert stack.process(path, *OPTIONS).returncode == 0
    stack.drain()
    assert stack.count() == 500


def test_a_store_that_is_away_ends_the_import_which_then_goes_on(
    stack: Any, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "MOST_EVENTS", 100)
    real, puts = ObjectStore.put, iter([True, True, False])

    def put(self: ObjectStore, key: str, payload: bytes) -> None:
        if not next(puts, True):
            raise StoreUnavailable("the bucket is away")
        real(self, key, payload)

    monkeypatch.setattr(ObjectStore, "put", put)
    path = written("a.csv", *CSV)
    found = stack.run(path, *OPTIONS)
    assert found.exit_code == 1
    assert "the bucket is away" in found.stderr
    said = stack.imported(path, *OPTIONS)
    assert (said["resumed_at_row"], said["events"], said["objects"]) == (200, 500, 3)
    stack.drain()
    assert stack.count() == 500


def test_bad_rows_are_told_and_the_others_are_stored(stack: Any, written: Written, tmp_path: Path) -> None:
    path = written("a.csv", *CSV[:3], 'x,"open', "bob,soon,1", "short", *CSV[3:5], ",2024-01-01,1")
    with path.open("ab") as file:
        file.write(b"caf\xe9,2024-01-01,1\n")
    found = stack.run(path, *OPTIONS, "--bad-rows", tmp_path / "bad.jsonl")
    assert found.exit_code == 0
    lines = found.stderr.splitlines()
    assert "5 of 9 rows" in lines[0]
    assert [line.split(":")[0] for line in lines[1:]] == [f"  line {number}" for number in (4, 5, 6, 9, 10)]
    bad = [json.loads(line) for line in (tmp_path / "bad.jsonl").read_text().splitlines()]
    assert [(each["line"], each["reason"]) for each in bad] == [
        (4, "broken_quoting"),
        (5, "unreadable_timestamp"),
        (6, "wrong_number_of_cells"),
        (9, "missing_distinct_id"),
        (10, "not_utf8"),
    ]
    assert bad[1]["values"] == {"user": "bob", "at": "soon", "amount": "1"}
    stack.drain()
    assert stack.count() == 4
    assert stack.count("dead_letters") == 0


def test_bad_rows_of_a_file_that_was_imported_are_told_again(stack: Any, written: Written, tmp_path: Path) -> None:
    path = written("a.jsonl", an_event(1), "nonsense")
    stack.imported(path)
    said = stack.imported(path, "--bad-rows", tmp_path / "bad.jsonl")
    assert (said["already_imported"], said["bad_rows"]) == (True, 1)
    assert json.loads((tmp_path / "bad.jsonl").read_text()) == {
        "line": 2,
        "reason": "malformed_json",
        "message": "the line is no JSON",
        "text": "nonsense",
    }
    assert len(stack.lines()) == 1


def test_a_dry_run_stores_nothing_and_shows_the_first_events(stack: Any, written: Written) -> None:
    path = written("a.csv", *CSV)
    found = stack.run(path, *OPTIONS, "--dry-run")
    assert found.exit_code == 0
    assert found.stdout.count('"event":"buy"') == 3
    assert "nothing was stored" in found.stdout
    assert stack.lines() == []
    assert stack.postgres.rows("SELECT * FROM imports") == []
    assert stack.imported(path, *OPTIONS, "--dry-run")["dry_run"] is True


def test_json_objects_of_any_form_are_rows_when_columns_are_named(stack: Any, written: Written) -> None:
    path = written("a.jsonl", {"who": 5, "when": 1706696430, "what": "buy", "n": {"deep": [1]}}, {"who": 6}, "[]")
    said = stack.imported(path, "--event-column=what", "--distinct-id-column=who", "--timestamp-column=when")
    assert (said["events"], said["bad_rows"]) == (1, 2)
    assert stack.lines()[0]["event"] == {
        "event": "buy",
        "distinct_id": "5",
        "timestamp": "2024-01-31T10:20:30+00:00",
        "properties": {"n": {"deep": [1]}},
    }


def test_an_event_without_a_time_happened_when_it_was_imported(stack: Any, written: Written) -> None:
    found = stack.run(written("a.jsonl", {"event": "a", "distinct_id": "b"}, an_event(1)))
    assert "1 events have no time of their own" in found.stdout
    stack.drain()
    assert stack.ask("SELECT timestamp = received_at FROM events ORDER BY timestamp") == [(0,), (1,)]


def test_a_mapping_file_says_the_same_as_options(stack: Any, written: Written) -> None:
    mapping = written(
        "mapping.toml",
        'event = "buy"',
        'distinct_id_column = "user"',
        'timestamp_column = "at"',
        'delimiter = ";"',
        "[properties]",
        'amount = "revenue"',
    )
    path = written("a.csv", "user;at;amount", "ada;2024-01-01;12.5")
    stack.imported(path, "--mapping", mapping)
    stack.imported(path, "--mapping", mapping, "--event=refund", "--property=amount=money")
    assert [line["event"]["event"] for line in stack.lines()] == ["buy", "refund"]
    assert [line["event"]["properties"] for line in stack.lines()] == [{"revenue": 12.5}, {"money": 12.5}]


def test_the_rules_of_the_project_hold_for_imports(stack: Any, written: Written) -> None:
    Projects(stack.postgres).update(
        stack.project.id, {"denied_events": ["secret"], "denied_properties": ["email"], "daily_event_quota": 1}
    )
    path = written(
        "a.jsonl",
        an_event(1, event="secret"),
        *(an_event(number, properties={"email": "a@b.c", "plan": "pro"}) for number in range(3)),
    )
    said = stack.imported(path)
    assert (said["rows"], said["events"], said["dropped"]) == (4, 3, 1)
    stack.drain()
    assert stack.ask("SELECT DISTINCT properties FROM events") == [('{"plan":"pro"}',)]
    assert stack.ask("SELECT sum(events) FROM dropped_events") == [(1,)]


def test_an_import_that_breaks_off_stores_what_came_before(stack: Any, tmp_path: Path) -> None:
    import gzip

    path = tmp_path / "a.jsonl.gz"
    uuids = [str(UUID(int=number * 2**64 + number**4)) for number in range(20_000)]
    text = "".join(json.dumps(an_event(number, uuid=uuid)) + "\n" for number, uuid in enumerate(uuids))
    path.write_bytes(gzip.compress(text.encode())[:-5000])
    found = stack.run(path)
    assert found.exit_code == 1
    assert "breaks off after" in found.stderr
    assert "nothing is stored twice" in found.stderr
    assert 1000 < len(stack.lines()) < 20_000
    path.write_bytes(gzip.compress(text.encode()))
    stack.imported(path)
    stack.drain()
    assert stack.count() == 20_000


def test_parquet_is_imported_with_its_types(stack: Any, tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    moment = datetime(2024, 1, 31, 10, tzinfo=UTC)
    table = {"user": [1, 2, None], "at": [moment] * 3, "amount": [1.5, 2.0, 3.0], "tags": [["a"], [], None]}
    path = tmp_path / "a.parquet"
    parquet.write_table(pyarrow.table(table), path)
    found = stack.run(path, *OPTIONS)
    assert "row 3: no distinct id in 'user'" in found.stderr
    stack.drain()
    found = stack.ask("SELECT distinct_id, timestamp, properties FROM events ORDER BY distinct_id")
    assert [(who, at, json.loads(held)) for who, at, held in found] == [
        ("1", moment, {"amount": 1.5, "tags": ["a"]}),
        ("2", moment, {"amount": 2.0, "tags": []}),
    ]


def test_a_project_takes_the_state_of_its_imports_with_it(stack: Any, written: Written) -> None:
    made = Projects(stack.postgres).create("Short-lived")
    stack.imported(written("a.jsonl", an_event(1)), "--project", made.id)
    Projects(stack.postgres).delete(made.id)
    assert stack.postgres.rows("SELECT * FROM imports") == []
