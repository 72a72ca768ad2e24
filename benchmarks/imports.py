"""How many rows a second `analytics import` takes: `python -m benchmarks.imports [ROWS]` prints a table."""

import csv
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pyarrow
import pyarrow.parquet

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.imports.load import Told, load
from analytics_pipelines.imports.mapping import Mapping
from analytics_pipelines.imports.plan import Reading, plan
from analytics_pipelines.imports.row_ids import RowIds
from analytics_pipelines.imports.writer import Writer, rules_of
from resources.object_store import ObjectStore

ROWS = 300_000
TABLE = Mapping(event_column="action", distinct_id_column="user", timestamp_column="at")


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Made-up visits of a shop, six columns each."""
    random, begun = Random(1), datetime(2024, 1, 1)  # noqa: DTZ001, S311  a column without a zone
    for number in range(count):
        yield {
            "user": f"u{random.randrange(20_000)}",
            "action": random.choice(("view", "cart", "buy")),
            "at": begun + timedelta(seconds=7 * number),
            "amount": round(random.random() * 100, 2),
            "country": random.choice(("de", "fr", "us")),
            "page": f"/products/{random.randrange(500)}",
        }


def event(row: dict[str, Any]) -> dict[str, Any]:
    held = {name: row[name] for name in ("amount", "country", "page")}
    return {"event": row["action"], "distinct_id": row["user"], "timestamp": f"{row['at']:%FT%TZ}", "properties": held}


def write(folder: Path, count: int) -> dict[str, Mapping]:
    made = list(rows(count))
    with (folder / "visits.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, made[0])
        writer.writeheader()
        writer.writerows(made)
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(made), folder / "visits.parquet")
    with (folder / "visits.jsonl").open("w") as lines:
        lines.writelines(json.dumps(event(row)) + "\n" for row in made)
    return {"visits.csv": TABLE, "visits.parquet": TABLE, "visits.jsonl": Mapping()}


def measure(path: Path, mapping: Mapping, store: ObjectStore) -> float:
    """Rows a second, from the file to durable objects in a local folder."""
    rules: dict[str, Any] = {"anonymize_ips": False, "denied_properties": [], "denied_events": []}
    rules |= {"allowed_events": [], "denied_distinct_ids": []}
    project = cast(Project, SimpleNamespace(id=1, api_token="phc_none", **rules))
    begun = time.perf_counter()
    made = plan(path, mapping, Reading(), datetime.now(UTC))
    with Writer(store, project, lambda: datetime.now(UTC)) as writer:
        tally = load(made.reader, made.to_event, RowIds(1), rules_of(project), writer, told=Told())
    assert tally.events == tally.rows
    return tally.rows / (time.perf_counter() - begun)


def main(count: int) -> None:
    print("| format | rows a second |\n|---|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for file, mapping in write(folder, count).items():
            store = ObjectStore((folder / f"bucket of {file}").as_uri())
            print(f"| {file.rpartition('.')[2]} | {measure(folder / file, mapping, store):,.0f} |")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
