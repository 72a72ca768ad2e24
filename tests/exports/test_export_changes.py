"""What changed after it was exported is exported again; what did not stays as it is, byte by byte."""

from collections.abc import Callable
from datetime import timedelta

import duckdb
import pytest
from export_world import HOUR, TEN, World, folder

from analytics_pipelines.exports.due import exports_with_work
from analytics_pipelines.exports.model import Model
from analytics_pipelines.exports.places import places, write_again
from analytics_pipelines.exports.run import ExportFailed
from analytics_pipelines.exports.runs import Runs
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.problems import Problem

pytestmark = pytest.mark.engines
DAY = timedelta(days=1)


def test_late_events_have_their_interval_exported_again(world: World) -> None:
    world.send(*world.events(3))
    export = world.export()
    world.exporter.work(export)
    assert exports_with_work(world.postgres, world.now) == []
    world.now += timedelta(minutes=1)
    world.send(*world.events(2), received=TEN + timedelta(minutes=59))
    assert exports_with_work(world.postgres, world.now) == [(export.id, Model.EVENTS)]
    assert world.exporter.work(export).intervals == 1
    (run,) = world.runs(export)
    assert (run.rows, run.why) == (5, "changed")


def test_what_ends_an_hour_may_come_in_the_first_object_of_the_next(world: World) -> None:
    world.send(*world.events(3))
    export = world.export(end_at=TEN + HOUR)
    world.exporter.work(export)
    world.now += timedelta(minutes=1)
    last = TEN + HOUR - timedelta(milliseconds=5)
    world.send(*world.events(2, last), received=TEN + HOUR + timedelta(milliseconds=30))
    assert exports_with_work(world.postgres, world.now) == [(export.id, Model.EVENTS)]
    world.exporter.work(export)
    assert [run.rows for run in world.runs(export)] == [5]


def test_an_interval_that_was_touched_and_is_the_same_is_not_written(world: World) -> None:
    world.send(*world.events(3))
    export = world.export()
    world.exporter.work(export)
    world.now += timedelta(minutes=1)
    world.replay(TEN)
    assert exports_with_work(world.postgres, world.now) == [(export.id, Model.EVENTS)]
    assert world.exporter.work(export).intervals == 0
    assert exports_with_work(world.postgres, world.now) == []


def test_merges_of_the_last_days_are_seen_within_a_day(world: World) -> None:
    world.send(*world.events(10))
    export = world.export()
    world.exporter.work(export)
    identify = world.events(1, TEN + HOUR)[0]
    identify["event"] |= {
        "event": "$identify",
        "distinct_id": "person 0",
        "properties": {"$anon_distinct_id": "person 1"},
    }
    world.send(identify, received=TEN + HOUR)
    world.now += DAY + HOUR
    world.exporter.work(export)
    persons = duckdb.sql(
        f"SELECT count(DISTINCT person_id) FROM read_parquet('{world.folder}/**/hour=10/*.parquet') LIMIT 1"
    ).fetchall()
    assert persons == [(4,)]


def test_what_is_no_more_here_stays_where_it_was_exported_to(world: World) -> None:
    world.send(*world.events(3))
    export = world.export(end_at=TEN + HOUR)
    world.exporter.work(export)
    before = world.files()
    world.now += 10 * DAY
    world.clickhouse.command("ALTER TABLE events DROP PARTITION '2026-11-23'")
    assert world.exporter.work(export).intervals == 0
    assert world.files() == before


def test_nothing_is_exported_before_all_of_it_is_loaded(world: World) -> None:
    world.send(*world.events(3), watermark=TEN)
    export = world.export()
    assert exports_with_work(world.postgres, world.now) == []
    assert world.exporter.work(export).intervals == 0
    world.send(watermark=TEN + HOUR)
    assert exports_with_work(world.postgres, world.now) == [(export.id, Model.EVENTS)]
    assert world.exporter.work(export).intervals == 1


def test_a_paused_export_does_what_is_asked_for_and_nothing_by_itself(world: World) -> None:
    world.send(*world.events(3))
    export = world.export(paused=True)
    assert exports_with_work(world.postgres, world.now) == []
    assert world.exporter.work(export).intervals == 0
    Runs(world.postgres, export).backfill(TEN, TEN + HOUR, world.now)
    assert exports_with_work(world.postgres, world.now) == [(export.id, Model.EVENTS)]
    assert world.exporter.work(export).intervals == 1


def test_a_backfill_tells_how_far_it_is_and_can_be_given_up(world: World) -> None:
    world.send(*world.events(3))
    export = world.export(paused=True)
    runs = Runs(world.postgres, export)
    made = runs.backfill(TEN - 3 * HOUR, TEN + HOUR, world.now)
    assert [(each.status, each.done, each.total) for each in runs.backfills()] == [("Starting", 0, 4)]
    world.exporter.work(export, most=1)
    assert [(each.status, each.done, each.total) for each in runs.backfills()] == [("Running", 1, 4)]
    runs.cancel_backfill(made)
    assert world.exporter.work(export).intervals == 0
    assert [(each.status, each.done) for each in runs.backfills()] == [("Cancelled", 1)]
    with pytest.raises(ValueError, match="at most"):
        runs.backfill(TEN - 500 * DAY, TEN, world.now)
    with pytest.raises(ValueError, match="no interval"):
        runs.backfill(world.now + DAY, world.now + 2 * DAY, world.now)


def test_a_failing_interval_is_tried_again_after_a_pause_that_grows(world: World) -> None:
    world.send(*world.events(3))
    export = world.export(folder(prefix="x"))
    (world.folder / f"team_id={world.team}" / "x").parent.mkdir(parents=True)
    (world.folder / f"team_id={world.team}" / "x").write_text("a file where a folder should be")
    with pytest.raises(ExportFailed):
        world.exporter.work(export)
    (run,) = world.runs(export)
    assert (run.status, run.attempts, run.next_attempt_at) == ("FailedRetryable", 1, world.now + timedelta(minutes=1))
    assert str(world.folder) not in (run.error or "")
    assert exports_with_work(world.postgres, world.now) == []
    world.now += timedelta(minutes=1)
    assert exports_with_work(world.postgres, world.now) == [(export.id, Model.EVENTS)]
    with pytest.raises(ExportFailed):
        world.exporter.work(export)
    assert world.runs(export)[0].next_attempt_at == world.now + timedelta(minutes=2)
    (world.folder / f"team_id={world.team}" / "x").unlink()
    world.now += timedelta(minutes=2)
    assert world.exporter.work(export).rows == 3


def test_one_interval_that_can_not_be_exported_does_not_hold_up_the_others(world: World) -> None:
    world.now += 3 * HOUR
    world.send(*world.events(3))
    export = world.export(folder(prefix="x"))
    poison = world.folder / f"team_id={world.team}" / "x" / "date=2026-11-23" / "hour=11"
    poison.parent.mkdir(parents=True)
    poison.write_text("a file where a folder should be")
    with pytest.raises(ExportFailed):
        world.exporter.work(export)
    assert [run.status for run in world.runs(export)] == ["Completed", "FailedRetryable", "Starting", "Starting"]
    assert exports_with_work(world.postgres, world.now) == []  # who knows what is wrong
    world.now += timedelta(minutes=1)
    with pytest.raises(ExportFailed):
        world.exporter.work(export)
    assert [run.status for run in world.runs(export)] == ["Completed", "FailedRetryable", "Completed", "Completed"]


def test_two_do_not_write_the_same_export_at_once(world: World) -> None:
    world.send(*world.events(3))
    export = world.export()
    exporter = world.exporter
    with exporter._alone_on(export), pytest.raises(Problem, match="Another process"):
        world.exporter.work(export)


def test_exports_that_hold_what_arrived_then_are_found_and_written_without_it(world: World) -> None:
    world.now += HOUR
    world.send(*world.events(10))
    world.send(*world.events(10, TEN + HOUR), received=TEN + HOUR)
    events, persons = world.export(), world.export(model=Model.PERSONS)
    for export in (events, persons, world.export(folder(prefix="untouched"), paused=True)):
        world.exporter.work(export)
    Exports(world.postgres).change(persons.id, {"deleted": True})  # its files are still here
    before = world.files()
    found = places(world.postgres, world.team, [(TEN, TEN + timedelta(minutes=1))])
    assert [(place.export.id, [each.start for each in place.intervals]) for place in found] == [
        (events.id, [TEN]),
        (persons.id, [TEN + HOUR]),
    ]
    assert places(world.postgres, world.team + 1, [(TEN, TEN + HOUR)]) == []
    world.clickhouse.command(
        "DELETE FROM events WHERE distinct_id = 'person 3' AND received_at < '2026-11-23 11:00:00'"
    )
    world.clickhouse.command("TRUNCATE TABLE persons")
    assert write_again(world.exporter, found).intervals == 2
    after = world.files()
    changed = {name for name in before if before[name] != after.get(name)}
    assert {name.split("/")[0] + name.split("/")[2] for name in changed} == {"eventshour=10", "personshour=11"}
    left = duckdb.sql(
        f"SELECT DISTINCT distinct_id FROM read_parquet('{world.folder}/**/hour=10/*.parquet')"
    ).fetchall()
    assert ("person 3",) not in left


Break = Callable[..., None]
POINTS = [
    "exports.after_orphans",
    "exports.after_unmark",
    "exports.after_write",
    "exports.before_mark",
    "exports.after_mark",
]


def test_broken_off_anywhere_the_next_try_leaves_what_an_unbroken_one_does(
    world: World, broken_at: Break, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analytics_pipelines.exports import run

    monkeypatch.setattr(run, "_FEWEST_ROWS", 10)
    world.send(*world.events(60))
    unbroken, broken = (world.export(folder(prefix=name, file_format="Parquet")) for name in ("unbroken", "broken"))
    exporter = world.exporter
    exporter.stretch_bytes = 1
    assert exporter.work(unbroken).files == 6
    for point in POINTS:
        broken_at(point, 1 if point != "exports.after_write" else 3)
        Runs(world.postgres, broken).backfill(TEN, TEN + HOUR, world.now)
        with pytest.raises(BaseException, match=point):
            exporter.work(broken)
        marked = any(name.startswith("broken") and name.endswith("_SUCCESS") for name in world.files())
        assert marked is (point in ("exports.after_mark",)), point
        broken_at()
        assert exports_with_work(world.postgres, world.now) == [(broken.id, Model.EVENTS)]
        exporter.work(broken)
        files = world.files()
        ours = {name.split("/", 1)[1]: payload for name, payload in files.items() if name.startswith("broken")}
        theirs = {name.split("/", 1)[1]: payload for name, payload in files.items() if name.startswith("unbroken")}
        assert {name for name in ours if name.endswith("parquet")} == {n for n in theirs if n.endswith("parquet")}
        assert all(ours[name] == theirs[name] for name in ours if name.endswith("parquet")), point
        for path in (world.folder / f"team_id={world.team}" / "broken").rglob("_SUCCESS"):
            path.unlink()  # for the next point


def test_a_statement_of_a_process_that_was_killed_is_ended_before_the_next_try(world: World) -> None:
    import threading

    from analytics_pipelines.exports.files import query_prefix
    from resources.clickhouse import ClickHouseRefused

    world.send(*world.events(3))
    export, ended = world.export(), []

    def orphan() -> None:
        try:
            world.clickhouse.query(
                "SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1",
                settings={"query_id": f"{query_prefix(export)}orphan", "function_sleep_max_microseconds_per_block": 0},
            )
        except ClickHouseRefused as error:
            ended.append(error.code)

    thread = threading.Thread(target=orphan)
    thread.start()
    count = "SELECT count() FROM system.processes WHERE query_id LIKE '%orphan'"
    while not world.clickhouse.query(count).one()[0]:
        pass
    world.exporter.work(export)
    thread.join(20)
    assert ended == [394]  # QUERY_WAS_CANCELLED
