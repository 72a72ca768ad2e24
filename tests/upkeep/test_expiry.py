"""What is not kept goes, and nothing else; no replay brings it back; broken off anywhere, the next run finishes it."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from buckets import in_both
from raw_lines import RECEIVED, line, put

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import REPLAY_PREFIX, raw_key
from analytics_pipelines.exports.opening import Opener
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.moved import lines_of, packed
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.rollups.watermark import Watermark
from analytics_pipelines.upkeep.retention import Retention
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

DAY = RECEIVED.date()
NOW = RECEIVED + timedelta(days=3)
LONG_AGO = "2024-03-01T12:00:00Z"
RECENT = "2026-11-22T12:00:00Z"


@pytest.fixture
def projects(postgres: Postgres) -> tuple[int, int]:
    People(postgres).ensure_first("Ours", "zero", "phc_zero", "ada@example.org")
    return Projects(postgres).create("one").id, Projects(postgres).create("two").id


@pytest.fixture
def retention(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse, tmp_path: Path) -> Retention:
    return Retention(store, postgres, clickhouse, Opener(tmp_path, lambda *_: []), now=lambda: NOW)


@pytest.fixture
def loaded(store: ObjectStore, drain: Drain, projects: tuple[int, int], postgres: Postgres) -> None:
    """Two days of arrival: on the first everything is old, on the second both projects have old and new events."""
    one, two = projects
    put(store, line("old", project=one, timestamp=LONG_AGO), line("", project=one))
    later = RECEIVED + timedelta(days=1)
    put(
        store,
        line("old", project=one, timestamp=LONG_AGO, distinct_id="bob", received=later),
        line("new", project=one, timestamp=RECENT, set={"plan": "pro"}, received=later),
        line("old", project=two, timestamp=LONG_AGO, received=later),
        received=later,
    )
    drain.everything()
    postgres.execute("DELETE FROM dirty_days")


def rule(postgres: Postgres, project: int, **days: int | None) -> None:
    Projects(postgres).update(project, days)


def events(clickhouse: ClickHouse) -> list[tuple[Any, ...]]:
    return clickhouse.query("SELECT team_id, event, arrival_day FROM events ORDER BY ALL").rows


def test_events_older_than_their_project_keeps_go_and_no_others(
    retention: Retention, postgres: Postgres, clickhouse: ClickHouse, projects: tuple[int, int], loaded: None
) -> None:
    one, two = projects
    rule(postgres, one, event_retention_days=30)
    (of_events, of_letters) = retention.rows()
    assert of_events.public() == {"table": "events", "rows": 2, "days": 2, "partitions": 1}
    assert of_letters.rows == 0
    next_day = DAY + timedelta(days=1)
    assert events(clickhouse) == [(one, "new", next_day), (two, "old", next_day)]
    partitions = clickhouse.query(
        "SELECT DISTINCT partition FROM system.parts WHERE database = currentDatabase() AND table = 'events' AND active"
    ).rows
    assert partitions == [(f"{next_day}",)]


def test_without_a_rule_nothing_goes(
    retention: Retention, clickhouse: ClickHouse, projects: tuple[int, int], loaded: None
) -> None:
    before = events(clickhouse)
    assert {each.rows for each in retention.rows()} == {0}
    assert events(clickhouse) == before


def test_a_dry_run_says_the_same_and_removes_nothing(
    retention: Retention, postgres: Postgres, clickhouse: ClickHouse, projects: tuple[int, int], loaded: None
) -> None:
    rule(postgres, projects[0], event_retention_days=30, dead_letter_retention_days=1)
    before = events(clickhouse)
    said = [each.public() for each in retention.rows(dry_run=True)]
    assert events(clickhouse) == before
    assert [each.public() for each in retention.rows()] == said
    assert [each["rows"] for each in said] == [2, 1]


def test_the_days_that_changed_are_summed_up_again_and_the_ledger_counts_what_is_left(
    retention: Retention, postgres: Postgres, clickhouse: ClickHouse, projects: tuple[int, int], loaded: None
) -> None:
    rule(postgres, projects[0], event_retention_days=30)
    retention.rows()
    assert postgres.rows("SELECT team_id, day FROM dirty_days") == [
        {"team_id": projects[0], "day": date.fromisoformat(LONG_AGO[:10])}
    ]
    assert Watermark(postgres, 10).overdue(
        before=NOW.date(), now=datetime.now(UTC) + timedelta(days=30), pause=timedelta(0), most=10
    )
    rows = postgres.rows("SELECT lines, events, duplicates, dead_letters FROM ingest_batches ORDER BY arrival_hour")
    assert [tuple(row.values()) for row in rows] == [(2, 0, 1, 1), (3, 2, 1, 0)]


def test_persons_stay_with_what_is_said_of_them(
    retention: Retention, postgres: Postgres, clickhouse: ClickHouse, projects: tuple[int, int], loaded: None
) -> None:
    persons = "SELECT team_id, id, properties FROM persons FINAL ORDER BY ALL"
    before = clickhouse.query(persons).rows
    for project in projects:
        rule(postgres, project, event_retention_days=1)
    retention.rows()
    assert events(clickhouse) == []
    assert clickhouse.query(persons).rows == before != []


def test_a_replay_never_shows_an_expired_event_again(
    retention: Retention,
    replay: Replay,
    postgres: Postgres,
    clickhouse: ClickHouse,
    projects: tuple[int, int],
    loaded: None,
) -> None:
    rule(postgres, projects[0], event_retention_days=30, dead_letter_retention_days=1)
    retention.rows()
    left = events(clickhouse)
    found = replay.days(DAY, DAY + timedelta(days=1))
    assert events(clickhouse) == left
    assert [day.differences.counts.added for day in found if day.differences] == [0, 0]
    assert clickhouse.query("SELECT count() FROM dead_letters").one() == (0,)
    bad = "SELECT count(*) AS n FROM ingest_batches WHERE lines != events + duplicates + dead_letters + dropped"
    assert postgres.row(bad) == {"n": 0}


@pytest.mark.parametrize(
    "point", ["expiry.after_note@1", "expiry.after_removal@1", "expiry.after_removal@2", "expiry.after_settling@1"]
)
def test_broken_off_anywhere_the_next_run_ends_where_one_would_have(
    point: str,
    retention: Retention,
    drain: Drain,
    postgres: Postgres,
    clickhouse: ClickHouse,
    projects: tuple[int, int],
    loaded: None,
    broken_off_at: Callable[[str, Callable[[], object]], None],
) -> None:
    one, two = projects
    rule(postgres, one, event_retention_days=30)
    broken_off_at(point, retention.rows)
    postgres.execute("DELETE FROM dirty_days")  # as if all that was touched were built by now
    drain.everything()
    retention.rows()
    next_day = DAY + timedelta(days=1)
    assert events(clickhouse) == [(one, "new", next_day), (two, "old", next_day)]
    rows = postgres.rows("SELECT lines, events, duplicates, dead_letters FROM ingest_batches ORDER BY arrival_hour")
    assert [tuple(row.values()) for row in rows] == [(2, 0, 1, 1), (3, 2, 1, 0)]
    if point != "expiry.after_settling@1":
        assert {row["team_id"] for row in postgres.rows("SELECT team_id FROM dirty_days")} == {one}
    assert postgres.rows("SELECT * FROM expiries") == []


@in_both
def test_raw_objects_go_by_age_and_only_when_loaded(
    retention: Retention, store: ObjectStore, replay: Replay, clickhouse: ClickHouse, loaded: None
) -> None:
    waiting = put(store, line("late"), received=RECEIVED + timedelta(seconds=5))
    retention.raw_days = 2
    before = events(clickhouse)
    assert retention.raw(dry_run=True).objects == 1
    assert len(store.objects("raw/v1")) == 3
    found = retention.raw()
    assert (found.objects, found.waiting) == (1, 1)
    assert store.objects("raw/v1")[0].key == waiting
    assert len(store.objects("raw/v1")) == 2
    (day,) = replay.days(DAY, DAY)
    assert day.kept_batches == 1
    assert len(events(clickhouse)) == len(before) + 1


@in_both
def test_recordings_go_by_the_rules_of_their_projects(
    retention: Retention, store: ObjectStore, postgres: Postgres, projects: tuple[int, int]
) -> None:
    one, two = projects

    def part(*teams: int, received: datetime = RECEIVED) -> str:
        payload = packed([json.dumps({"project": team, "event": {}}).encode() for team in teams])
        key = raw_key(received, "node", payload, prefix=REPLAY_PREFIX)
        store.put(key, payload)
        return key

    mixed, whole, other = part(one, two), part(one), part(two)
    kept = part(one, received=NOW)
    rule(postgres, one, recording_retention_days=1)
    said = retention.recordings(dry_run=True)
    assert {item.key for item in store.objects(REPLAY_PREFIX)} == {mixed, whole, other, kept}
    assert retention.recordings() == said
    assert (said.objects, said.rewritten, said.lines) == (1, 1, 1)
    left = {item.key for item in store.objects(REPLAY_PREFIX)}
    assert {mixed, whole} & left == set()
    assert {other, kept} < left  # `other` has the same line as what is left of `mixed`, and is another object
    (rewritten,) = left - {other, kept}
    assert [json.loads(each)["project"] for each in lines_of(store.get(rewritten))] == [two]
    assert retention.recordings().rewritten == 0


def test_an_object_of_recordings_that_is_none_stays(
    retention: Retention, store: ObjectStore, postgres: Postgres, projects: tuple[int, int]
) -> None:
    key = raw_key(RECEIVED, "node", b"no zstd", prefix=REPLAY_PREFIX)
    store.put(key, b"no zstd")
    store.put(raw_key(RECEIVED, "other", b"", prefix=REPLAY_PREFIX), zstd.compress(b"no json\n"))
    rule(postgres, projects[0], recording_retention_days=1)
    assert retention.recordings().objects == 0
    assert len(store.objects(REPLAY_PREFIX)) == 2


def test_files_of_exports_go_with_their_manifest_first(
    retention: Retention,
    postgres: Postgres,
    projects: tuple[int, int],
    tmp_path: Path,
    broken_off_at: Callable[[str, Callable[[], object]], None],
) -> None:
    from analytics_pipelines.exports.intervals import Every, Interval
    from analytics_pipelines.exports.model import Destination
    from analytics_pipelines.exports.prefix import file_name
    from analytics_pipelines.exports.runs import Runs
    from analytics_pipelines.exports.store import Exports

    one = projects[0]
    export = Exports(postgres, one).create(
        {"name": "all", "model": "events", "every": Every.DAY},
        Destination("Folder", {"file_format": "Parquet", "compression": "zstd"}, {}),
        None,
    )
    for days in (1, 40):
        start = datetime(2026, 11, 25, tzinfo=UTC) - timedelta(days=days)
        interval = Interval(start, start + timedelta(days=1))
        folder = tmp_path / f"team_id={one}" / "events" / f"date={start:%Y-%m-%d}"
        folder.mkdir(parents=True)
        (folder / file_name(interval, 0, "parquet")).write_text("rows")
        (folder / "_SUCCESS").write_text("{}")
        Runs(postgres, export).ask([interval], "asked", NOW)
    postgres.execute("UPDATE export_runs SET status = 'Completed', files = 1, bytes = 4, rows = 1")
    rule(postgres, one, export_retention_days=30)
    assert retention.exports(dry_run=True).files == 1
    broken_off_at("expiry.after_manifest", retention.exports)
    assert len([*tmp_path.glob("team_id=*/**/_SUCCESS")]) == 1
    assert retention.exports().public() == {"intervals": 1, "files": 1, "bytes": 4}
    assert len([*tmp_path.glob("team_id=*/**/*.parquet")]) == 1
    assert retention.exports().files == 0
