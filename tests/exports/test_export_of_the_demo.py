"""A month of the demo shop as daily files, three days of it loaded again by other rules, and their backfill.

All that `analytics demo` loads arrives at the moment it is loaded, so by arrival it is one day. Here the same requests
arrive on the evenings of the days on which they were made, as those of a shop would that has been there all the time.
"""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow.dataset
import pytest
from click.testing import CliRunner
from export_world import World
from raw_lines import EVENT_NAME, change_stage

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.cli.main import cli
from analytics_pipelines.demo.load import raw_lines
from analytics_pipelines.demo.shop import journeys
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.exports.intervals import Every
from analytics_pipelines.exports.model import Model
from analytics_pipelines.exports.runs import Runs

pytestmark = pytest.mark.engines
FIRST = datetime(2026, 10, 1, tzinfo=UTC)
DAY = timedelta(days=1)
DAYS = [FIRST + number * DAY for number in range(31)]
EVENING = timedelta(hours=23, minutes=30)
CHOSEN = [11, 12, 13]
SCALE = 0.05


@dataclass(frozen=True)
class Stored:
    """A file as it lies there: what it holds, and when it was written."""

    digest: str
    written_ns: int


def shop_opens(world: World) -> None:
    """The demo's requests of October arrive, and are loaded."""
    (project,) = Projects(world.postgres).all()
    arrived: dict[datetime, list[bytes]] = defaultdict(list)
    for sendings in journeys(FIRST + 31 * DAY, scale=SCALE, token=project.api_token):
        for sending in sendings:
            made = max(datetime.fromisoformat(event["timestamp"]) for _, event in sending.events)
            received = Every.DAY.floor(made) + EVENING
            arrived[received].append(raw_lines(sending, project, received))
    for day in DAYS:
        payload = zstd.compress(b"".join(arrived[day + EVENING]))
        world.store.put(raw_key(day + EVENING, "demo", payload), payload)
    world.now = FIRST + 31 * DAY + timedelta(hours=1)
    world.send(watermark=FIRST + 31 * DAY)


def stored(world: World) -> dict[str, Stored]:
    return {
        str(path.relative_to(world.folder)): Stored(
            hashlib.sha256(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns
        )
        for path in sorted(world.folder.rglob("*"))
        if path.is_file()
    }


def in_clickhouse(world: World) -> list[tuple[Any, ...]]:
    """By day of arrival and name: events, people, and what they paid."""
    return world.clickhouse.query(
        "SELECT toString(arrival_day) AS day, event, count(), uniqExact(distinct_id),"
        " round(sum(JSONExtractFloat(properties, 'revenue')), 2) FROM events GROUP BY day, event ORDER BY day, event"
    ).rows


def in_files(world: World) -> list[tuple[Any, ...]]:
    return duckdb.sql(
        "SELECT date::text AS day, event, count(), count(DISTINCT distinct_id),"
        " round(coalesce(sum((properties->>'revenue')::double), 0), 2)"
        f" FROM read_parquet('{world.folder}/**/*.parquet', hive_partitioning=true) GROUP BY day, event ORDER BY ALL"
    ).fetchall()


def days_of(names: set[str]) -> set[str]:
    return {part.removeprefix("date=") for name in names for part in Path(name).parts if part.startswith("date=")}


def test_of_a_month_of_the_demo_a_backfill_replaces_the_three_days_that_a_replay_changed(
    world: World, migrated: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def analytics(*arguments: str) -> dict[str, Any]:
        found = CliRunner().invoke(cli, ["exports", *arguments, "--json"], prog_name="analytics")
        assert found.exit_code == 0, found.output
        answer: dict[str, Any] = json.loads(found.stdout)
        return answer

    for name, value in {
        "DATA_DIR": str(tmp_path / "data"),
        "POSTGRES_URL": migrated.postgres_url,
        "CLICKHOUSE_URL": migrated.clickhouse_url,
        "CLICKHOUSE_READER_URL": migrated.reader_url,
        "EXPORTS_FOLDER": str(world.folder),
    }.items():
        monkeypatch.setenv(f"ANALYTICS_{name}", value)

    shop_opens(world)
    export = world.export(model=Model.EVENTS, every=Every.DAY, start_at=FIRST, end_at=FIRST + 31 * DAY)
    assert analytics("run", export.key)["intervals"] == 31
    before, rows = stored(world), in_clickhouse(world)
    assert len(before) == 2 * 31  # and their marks
    assert in_files(world) == rows
    assert sum(count for _, _, count, *_ in rows) > 700

    change_stage(monkeypatch, EVENT_NAME, f"replaceOne({EVENT_NAME}, '$pageview', 'page viewed')")
    world.now += timedelta(hours=1)
    world.replay(DAYS[CHOSEN[0]], DAYS[CHOSEN[-1]])
    changed = {f"{DAYS[number]:%Y-%m-%d}" for number in CHOSEN}
    assert {row[0] for row in in_clickhouse(world) if row not in rows} == changed
    span = ("--from", f"{DAYS[CHOSEN[0]]:%Y-%m-%d}", "--to", f"{DAYS[CHOSEN[-1]] + DAY:%Y-%m-%d}")
    done = analytics("backfill", export.key, *span)
    assert (done["status"], done["intervals"]) == ("Completed", 3)

    after = stored(world)
    assert after.keys() == before.keys()
    assert days_of({name for name in after if after[name].digest != before[name].digest}) == changed
    assert days_of({name for name in after if after[name].written_ns != before[name].written_ns}) == changed
    rows = in_clickhouse(world)
    assert in_files(world) == rows
    files = pyarrow.dataset.dataset(
        str(world.folder / f"team_id={world.team}" / "events"), format="parquet", partitioning="hive"
    )
    assert files.count_rows() == sum(count for _, _, count, *_ in rows)
    in_arrow = files.to_table(columns=["event", "date"]).group_by(["date", "event"]).aggregate([([], "count_all")])
    assert sorted((str(each["date"]), each["event"], each["count_all"]) for each in in_arrow.to_pylist()) == [
        row[:3] for row in rows
    ]

    Runs(world.postgres, export).backfill(DAYS[10], DAYS[15], world.now)  # with a day before and one behind
    assert world.exporter.work(export).intervals == 5
    assert {name: each.digest for name, each in stored(world).items()} == {
        name: each.digest for name, each in after.items()
    }
