"""Exports as files: what is in them, where they lie, and how other programs read them."""

import gzip
import json
from datetime import timedelta
from typing import Any

import duckdb
import pyarrow.dataset
import pytest
from export_world import HOUR, TEN, World, folder, saying

from analytics_pipelines.cohorts.calculate import Calculator
from analytics_pipelines.cohorts.store import Cohorts
from analytics_pipelines.events import zstd
from analytics_pipelines.exports.intervals import Every, Interval
from analytics_pipelines.exports.model import Model
from analytics_pipelines.exports.rows import WrongExport
from analytics_pipelines.exports.run import ExportFailed
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import SESSIONS

pytestmark = pytest.mark.engines


def only(files: dict[str, bytes], ending: str) -> bytes:
    (found,) = [payload for name, payload in files.items() if name.endswith(ending)]
    return found


def in_clickhouse(world: World, columns: str) -> list[tuple[Any, ...]]:
    return world.clickhouse.query(f"SELECT {columns} FROM events ORDER BY toString(uuid)").rows


def test_duckdb_and_pyarrow_read_the_layout_as_it_is(world: World) -> None:
    world.now += HOUR
    world.send(*world.events(30))
    world.send(*world.events(20, TEN + HOUR), received=TEN + HOUR)
    world.exporter.work(world.export())
    columns = "toString(uuid), event, distinct_id, toString(person_id), properties, timestamp, received_at"
    everything = in_clickhouse(world, columns)
    layout = f"read_parquet('{world.folder}/**/*.parquet', hive_partitioning=true)"
    found = duckdb.sql(
        "SELECT uuid, event, distinct_id, person_id, properties, timestamp, created_at, date::text, hour, team_id"
        f" FROM {layout} ORDER BY uuid"
    ).fetchall()
    assert [row[:5] for row in found] == [row[:5] for row in everything]
    assert [row[5:7] for row in found] == [row[5:7] for row in everything]
    assert {row[7:] for row in found} == {("2026-11-23", 10, world.team), ("2026-11-23", 11, world.team)}
    assert duckdb.sql(f"SELECT sum((properties->>'number')::int) FROM {layout}").fetchall() == [
        (sum(range(30)) + sum(range(20)),)
    ]
    read = pyarrow.dataset.dataset(str(world.folder / f"team_id={world.team}" / "events"), partitioning="hive")
    assert sorted(read.to_table().column("uuid").to_pylist()) == [row[0] for row in everything]
    assert read.count_rows(filter=pyarrow.dataset.field("hour") == 11) == 20


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_json_lines_keep_json_as_json(world: World, compression: str) -> None:
    world.send(*world.events(7))
    world.exporter.work(world.export(folder(file_format="JSONLines", compression=compression)))
    packed = only(world.files(), {"gzip": ".jsonl.gz", "zstd": ".jsonl.zst"}[compression])
    text = gzip.decompress(packed) if compression == "gzip" else zstd.decompress(packed)
    lines = [json.loads(line) for line in text.decode().splitlines()]
    assert [line["properties"]["text"] for line in lines] == ['a "quoted" é\n\\'] * 7
    assert {line["uuid"]: line["timestamp"] for line in lines} == {
        uuid: f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}" for uuid, moment in in_clickhouse(world, "toString(uuid), timestamp")
    }
    assert list(lines[0]) == [
        *("uuid", "event", "distinct_id", "person_id", "properties", "elements_chain", "timestamp", "created_at")
    ]


def test_the_mark_of_success_says_what_there_is(world: World) -> None:
    world.now += HOUR
    world.send(*world.events(30))
    world.exporter.work(world.export())
    files = world.files()
    manifest = json.loads(files["events/date=2026-11-23/hour=10/_SUCCESS"])
    ((name, payload),) = [(name, payload) for name, payload in files.items() if name.endswith(".parquet")]
    assert manifest["data_interval_start"] == "2026-11-23T10:00:00+00:00"
    assert (manifest["rows"], manifest["bytes"]) == (30, len(payload))
    assert name.endswith(f"/{manifest['files'][0]['name']}")
    digest = duckdb.sql(f"SELECT sha256(content) FROM read_blob('{world.folder}/team_id={world.team}/{name}')")
    assert digest.fetchall() == [(manifest["files"][0]["checksum"],)]
    assert json.loads(files["events/date=2026-11-23/hour=11/_SUCCESS"])["files"] == []


def test_rows_are_the_same_bytes_however_they_are_stored(world: World) -> None:
    for _ in range(3):  # as many parts
        world.send(*world.events(40))
    exports = [
        world.export(folder(prefix=f"{form}-{compression}", file_format=form, compression=compression))
        for form, compression in (("Parquet", "zstd"), ("JSONLines", "gzip"), ("JSONLines", "zstd"))
    ]
    for export in exports:
        world.exporter.work(export)
    before = world.files()
    world.clickhouse.command("OPTIMIZE TABLE events FINAL")
    world.replay(TEN)
    for export in exports:
        world.exporter.again(export, [run.interval for run in world.runs(export)])
    assert world.files() == before
    assert len(before) == 3 * 2


def test_files_are_no_larger_than_asked_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from analytics_pipelines.exports import files, run

    monkeypatch.setattr(files, "_MEGABYTE", 8000)
    monkeypatch.setattr(run, "_FEWEST_ROWS", 10)
    world.send(*world.events(300))
    export = world.export(folder(max_file_size_mb=1))
    world.exporter.work(export)
    first = {name: payload for name, payload in world.files().items() if name.endswith(".parquet")}
    assert len(first) > 3
    assert max(map(len, first.values())) <= 8000
    layout = f"read_parquet('{world.folder}/**/*.parquet')"
    count = duckdb.sql(f"SELECT count(), count(DISTINCT uuid) FROM {layout}").fetchall()
    assert count == [(300, 300)]
    manifest = json.loads(world.files()["events/date=2026-11-23/hour=10/_SUCCESS"])
    assert [each["name"] for each in manifest["files"]] == [
        f"20261123T100000Z-20261123T110000Z-{number}.parquet" for number in range(len(first))
    ]
    world.clickhouse.command(
        "DELETE FROM events WHERE JSONExtractInt(properties, 'number') >= 20", settings={"mutations_sync": 2}
    )
    world.exporter.again(export, [run.interval for run in world.runs(export)])
    left = [name for name in world.files() if name.endswith(".parquet")]
    assert left == ["events/date=2026-11-23/hour=10/20261123T100000Z-20261123T110000Z-0.parquet"]


def test_intervals_are_half_open(world: World) -> None:
    world.now += HOUR
    last = TEN + HOUR - timedelta(milliseconds=1)
    for moment in (TEN - timedelta(milliseconds=1), TEN, last, TEN + HOUR):
        world.send(*world.events(1, moment), received=moment)
    export = world.export()
    world.exporter.work(export)
    assert [run.rows for run in world.runs(export)] == [2, 1]


def test_an_export_has_the_events_and_columns_that_were_chosen(world: World) -> None:
    world.send(*world.events(30))
    chosen = world.export(
        folder(prefix="chosen"),
        columns=("event", "properties"),
        filters={
            "include_events": ["event 0", "event 1"],
            "exclude_events": ["event 1"],
            "properties": [{"key": "number", "value": "12", "operator": "gt", "type": "event"}],
        },
    )
    world.exporter.work(chosen)
    found = duckdb.sql(f"SELECT * FROM read_parquet('{world.folder}/**/*.parquet', hive_partitioning=false)")
    assert found.columns == ["event", "properties"]
    assert sorted(json.loads(text)["number"] for _, text in found.fetchall()) == [15, 18, 21, 24, 27]


def test_a_filter_that_cannot_be_asked_fails_for_good(world: World) -> None:
    world.send(*world.events(3))
    export = world.export(filters={"properties": [{"key": "x", "value": 1, "type": "nonsense"}]})
    with pytest.raises(ExportFailed, match="nonsense"):
        world.exporter.work(export)
    assert world.runs(export)[0].status == "Failed"


def test_persons_are_exported_as_they_are_by_now(world: World) -> None:
    world.send(*world.events(30), *[saying(each, plan="pro") for each in world.events(5)])
    world.exporter.work(world.export(model=Model.PERSONS))
    files = [name for name in world.files() if name.endswith(".parquet")]
    assert files == ["persons/date=2026-11-23/hour=10/20261123T100000Z-20261123T110000Z-0.parquet"]
    found = duckdb.sql(f"SELECT * FROM read_parquet('{world.folder}/**/*.parquet', hive_partitioning=false)").fetchall()
    assert [json.loads(row[1]) for row in sorted(found, key=lambda row: row[1])] == [
        [f"person {number}"] for number in range(5)
    ]
    assert {json.loads(row[2])["plan"] for row in found} == {"pro"}


def test_persons_are_read_in_stretches(world: World) -> None:
    for number, each in enumerate(lines := world.events(40)):
        each["event"]["distinct_id"] = f"person {number}"
    world.send(*lines)
    export = world.export(model=Model.PERSONS)
    exporter = world.exporter
    exporter.stretch_bytes = 1
    from analytics_pipelines.exports import run

    fewest, run._FEWEST_ROWS = run._FEWEST_ROWS, 7
    try:
        assert exporter.work(export).files == 6
    finally:
        run._FEWEST_ROWS = fewest
    layout = f"read_parquet('{world.folder}/**/*.parquet')"
    found = duckdb.sql(f"SELECT count(DISTINCT distinct_ids), count() FROM {layout}").fetchall()
    assert found == [(40, 40)]


def test_a_cohort_is_exported_with_its_persons(world: World) -> None:
    world.send(*[saying(each, plan="pro") for each in world.events(2)], *world.events(5))
    members = {"properties": [{"type": "person", "key": "plan", "operator": "is_set"}]}
    cohort = Cohorts(world.postgres, world.team).create("pro", "", members, is_static=False, by=None)
    Calculator(world.postgres, world.clickhouse).calculate(cohort.id)
    assert world.exporter.work(world.export(model=Model.COHORT, cohort_id=cohort.id)).rows == 2
    with pytest.raises(ExportFailed, match="no such cohort"):
        world.exporter.work(world.export(folder(prefix="x"), model=Model.COHORT, cohort_id=cohort.id + 1))


def test_sessions_are_exported_by_when_they_began(world: World) -> None:
    start_ms = int(TEN.timestamp() * 1000)
    session = f"{start_ms >> 16:08x}-{start_ms & 0xFFFF:04x}-7000-8000-000000000001"
    world.send(*world.events(10, **{"$session_id": session}))
    Builder(world.postgres, world.clickhouse, 10).rebuild(SESSIONS, list(Days(TEN.date(), TEN.date())))
    world.now += timedelta(minutes=30)
    export = world.export(model=Model.SESSIONS)
    world.exporter.work(export)
    assert [run.rows for run in world.runs(export)] == [1]
    found = duckdb.sql(f"SELECT session_id, event_count FROM read_parquet('{world.folder}/**/*.parquet')").fetchall()
    assert found == [(session, 10)]


def test_a_saved_query_is_exported_with_the_bounds_of_its_interval(world: World) -> None:
    world.now += 3 * HOUR
    world.send(*world.events(30))
    world.send(*world.events(9, TEN + 3 * HOUR), received=TEN + 3 * HOUR)
    query = (
        "SELECT event, count() AS events, groupUniqArray(distinct_id) AS people, min(timestamp) AS first, 0.5 AS half"
        " FROM events WHERE timestamp >= {interval_start} AND timestamp < {interval_end} GROUP BY event"
    )
    world.exporter.work(world.export(model=Model.SQL, query=query))
    found = duckdb.sql(
        f"SELECT event, events, people, first FROM read_parquet('{world.folder}/**/*.parquet') ORDER BY event"
    ).fetchall()
    assert [row[:2] for row in found] == [("event 0", 3), ("event 1", 3), ("event 2", 3)]
    assert len(json.loads(found[0][2])) == 3
    assert found[0][3] == TEN + 3 * HOUR
    hostile = world.export(folder(prefix="x"), model=Model.SQL, query="SELECT * FROM s3('http://127.0.0.1/x')")
    with pytest.raises(WrongExport):
        world.exporter.rows(hostile, Interval(TEN, TEN + HOUR))


def test_a_day_is_one_interval(world: World) -> None:
    world.now = TEN + timedelta(days=1)
    world.send(*world.events(5))
    world.exporter.work(world.export(every=Every.DAY, start_at=TEN.replace(hour=0)))
    assert list(world.files()) == [
        "events/date=2026-11-23/20261123T000000Z-20261124T000000Z-0.parquet",
        "events/date=2026-11-23/_SUCCESS",
    ]


def test_one_project_sees_nothing_of_another(world: World) -> None:
    theirs = [{**each, "project": world.team + 1} for each in world.events(4)]
    world.send(*world.events(3), *theirs)
    assert world.exporter.work(world.export()).rows == 3


def test_a_template_names_the_folders(world: World) -> None:
    world.send(*world.events(3))
    world.exporter.work(world.export(folder(prefix="mine/{year}/{month}/{day}/{hour}")))
    names = list(world.files())
    assert names[0] == "mine/2026/11/23/10/20261123T100000Z-20261123T110000Z-0.parquet"
