"""`analytics replay`: what it does, what it prints, and what it refuses."""

import json
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from raw_lines import EVENT_NAME, LAST_RULE, change_stage

from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.settings import load_settings

pytestmark = pytest.mark.engines

RECEIVED = datetime(2026, 10, 5, 12, tzinfo=UTC)
DAY = "2026-10-05"


@pytest.fixture(autouse=True)
def _empty(running: Any) -> None:
    """The stack is shared, and the bucket is not: what other tests loaded can't be loaded again."""
    for table in ("events", "dead_letters", "dropped_events", "event_counts_hourly"):
        running.stack.clickhouse.command(f"TRUNCATE TABLE {table}")
    running.stack.postgres.execute("TRUNCATE ingest_batches, ingest_watermark, dirty_days, rollup_watermark CASCADE")


def load() -> None:
    drain = Drain.of(load_settings(), {})
    drain.everything()
    drain.postgres.close()


def names(running: Any) -> list[str]:
    return [name for (name,) in running.stack.clickhouse.query("SELECT event FROM events ORDER BY event").rows]


def test_days_are_loaded_again_with_what_is_made_of_them(
    running: Any, analytics: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    running.put("a", "b", received=RECEIVED)
    running.put("outside", received=RECEIVED + timedelta(days=2))
    load()
    change_stage(monkeypatch, EVENT_NAME, f"upper({EVENT_NAME})")
    found = json.loads(analytics("replay", "--from", DAY, "--to", "2026-10-06", "--json").stdout)
    assert names(running) == ["A", "B", "outside"]
    (day,) = found["days"]
    assert (day["day"], day["lines"], day["objects"]) == (DAY, 2, 1)
    assert day["differences"] == {
        "before": 2,
        "after": 2,
        "added": 0,
        "removed": 0,
        "changed": 2,
        "by_event": {each: {"added": 0, "removed": 0, "changed": 1} for each in "AB"},
        "columns": {"event": 2},
    }
    assert (found["from"], found["to"], found["asset"], found["dry_run"]) == (DAY, "2026-10-06", "all", False)
    summed = running.stack.clickhouse.query(
        "SELECT event, sum(events) FROM event_counts_hourly GROUP BY event ORDER BY event"
    ).rows
    assert summed == [("A", 1), ("B", 1), ("outside", 1)]
    assert running.stack.postgres.rows("SELECT day FROM dirty_days") == []


def test_what_differs_is_shown_as_tables(running: Any, analytics: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    running.put("a\x1b[31m", received=RECEIVED)
    load()
    change_stage(monkeypatch, EVENT_NAME, f"upper({EVENT_NAME})")
    found = analytics("replay", "--from", DAY, "--to", DAY, "--dry-run")
    assert found.exit_code == 0
    assert "what would differ" in found.stdout
    assert DAY in found.stdout
    assert "\x1b" not in found.stdout
    assert "Nothing was changed." in found.stdout
    assert names(running) == ["a\x1b[31m"]
    analytics("replay", "--from", DAY, "--to", DAY, "--asset", "events")
    assert names(running) == ["A\x1b[31M"]
    assert running.stack.postgres.rows("SELECT day FROM rollup_watermark") == []


def test_one_table_is_made_anew_of_the_events_there_are(running: Any, analytics: Any) -> None:
    running.put("a", received=RECEIVED)
    load()
    found = json.loads(
        analytics("replay", "--from", DAY, "--to", DAY, "--asset", "active_people_daily", "--json").stdout
    )
    assert found["days"] == []
    assert found["rollup_days"] == {"active_people_daily": 1}


@pytest.mark.parametrize("asset", ["groups", "property_catalog"])
def test_groups_and_names_are_made_anew_of_the_events_there_are(running: Any, analytics: Any, asset: str) -> None:
    running.put("a", received=RECEIVED)
    load()
    running.stack.clickhouse.command("TRUNCATE TABLE sightings")
    found = json.loads(analytics("replay", "--from", DAY, "--to", DAY, "--asset", asset, "--json").stdout)
    assert found["rows"].keys() == {"group_facts", "sightings"}
    assert found["rows"]["sightings"] > 0
    assert ("a",) in running.stack.clickhouse.query("SELECT name FROM event_catalog").rows


@pytest.mark.parametrize("asset", ["persons", "cohort_people"])
def test_persons_and_members_are_made_anew_of_the_events_there_are(running: Any, analytics: Any, asset: str) -> None:
    running.put("a", received=RECEIVED)
    load()
    clickhouse = running.stack.clickhouse
    clickhouse.command("TRUNCATE TABLE person_words")
    found = json.loads(analytics("replay", "--from", DAY, "--to", DAY, "--asset", asset, "--json").stdout)
    assert (found["days"], found["rollup_days"]) == ([], {})
    assert found["rows"] == ({"persons": 1, "person_overrides": 0} if asset == "persons" else {asset: 0})
    shown = analytics("replay", "--from", DAY, "--to", DAY, "--asset", asset).stdout
    assert f"{asset}: " in shown
    assert "Nothing arrived" not in shown


def test_days_on_which_nothing_arrived_are_done_at_once(running: Any, analytics: Any) -> None:
    assert "Nothing arrived on these days." in analytics("replay", "--from", "2020-01-01", "--to", "2020-12-31").stdout


def test_dead_letters_are_tried_again(running: Any, analytics: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    running.put("poison", "", "good", received=RECEIVED)
    mend = change_stage(monkeypatch, LAST_RULE, f"{LAST_RULE} sent_name = 'poison', 'a bug',")
    load()
    assert names(running) == ["good"]
    mend()
    found = json.loads(
        analytics("replay", "--dead-letters", "--from", DAY, "--reason", "cannot_be_loaded", "--json").stdout
    )
    assert found.pop("seconds") >= 0
    assert found == {"tried": 1, "events": 1, "duplicates": 0, "gone": 0, "left": {}}
    assert names(running) == ["good", "poison"]
    shown = analytics("replay", "--dead-letters", "--project", str(running.stack.project))
    assert "1 dead letters were tried again." in shown.stdout
    assert "missing_event_name" in shown.stdout


@pytest.mark.parametrize("point", ["replay.after_batch", "replay.after_swap_begins"])
def test_a_replay_killed_anywhere_is_finished_by_the_next(
    running: Any, analytics: Any, program: Any, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    running.put("a", "b", "", received=RECEIVED)
    load()
    before = running.stack.clickhouse.query("SELECT * EXCEPT batch_id FROM events ORDER BY uuid").rows
    monkeypatch.setenv("ANALYTICS_FAULTS", f"{point}=kill")
    assert program("replay", "--from", DAY, "--to", DAY).returncode == -signal.SIGKILL
    assert len(names(running)) == 2
    monkeypatch.delenv("ANALYTICS_FAULTS")
    found = json.loads(analytics("replay", "--from", DAY, "--to", DAY, "--json").stdout)
    assert found["days"][0]["differences"]["before"] == 2
    assert running.stack.clickhouse.query("SELECT * EXCEPT batch_id FROM events ORDER BY uuid").rows == before
    assert running.stack.postgres.rows("SELECT day FROM replays") == []
    sums = running.stack.postgres.row(
        "SELECT sum(lines)::int AS lines, sum(events)::int AS events, sum(dead_letters)::int AS dead"
        " FROM ingest_batches"
    )
    assert sums == {"lines": 3, "events": 2, "dead": 1}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--from YYYY-MM-DD --to YYYY-MM-DD"),
        (("--from", DAY), "--from YYYY-MM-DD --to YYYY-MM-DD"),
        (("--from", DAY, "--to", "2026-10-01"), "--to is before --from"),
        (("--from", "yesterday", "--to", DAY), "does not match the format"),
        (("--from", DAY, "--to", DAY, "--reason", "x"), "go with --dead-letters only"),
        (("--dead-letters", "--dry-run"), "--dead-letters goes with"),
        (("--from", DAY, "--to", DAY, "--asset", "nothing"), "is not one of"),
        (("--from", DAY, "--to", DAY, "--asset", "sessions", "--dry-run"), "--dry-run goes with events only"),
    ],
)
def test_what_can_not_be_meant_is_refused(analytics: Any, arguments: tuple[str, ...], said: str) -> None:
    found = analytics("replay", *arguments)
    assert found.exit_code == 2
    assert said in found.stderr
