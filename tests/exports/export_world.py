"""An installation with events, and exports of them."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from raw_lines import line, put

from analytics_pipelines.exports.intervals import Every
from analytics_pipelines.exports.model import Destination, Export, Model
from analytics_pipelines.exports.opening import Opener
from analytics_pipelines.exports.run import Exporter
from analytics_pipelines.exports.runs import Run, Runs
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.outbound.addresses import Allowed
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

TEN = datetime(2026, 11, 23, 10, tzinfo=UTC)
HOUR = timedelta(hours=1)
LOOPBACK = Allowed.parse("127.0.0.1")


@dataclass
class World:
    """The stores of one installation, and its clock."""

    postgres: Postgres
    clickhouse: ClickHouse
    store: ObjectStore
    folder: Path
    team: int
    now: datetime = TEN + timedelta(minutes=70)
    sent: int = 0
    opened: list[tuple[str, int]] = field(default_factory=list)

    def send(self, *lines: dict[str, Any], received: datetime = TEN, watermark: datetime | None = None) -> None:
        """Events arrive and are loaded; all before `watermark` is there."""
        if lines:
            put(self.store, *lines, received=received)
        Drain(
            self.store, self.postgres, self.clickhouse, batch_objects=100, batch_bytes=10_000_000, now=lambda: self.now
        ).everything()
        Ledger(self.postgres).move_watermark(watermark or self.now.replace(minute=0))

    def events(self, count: int, received: datetime = TEN, **more: Any) -> list[dict[str, Any]]:
        """Lines of events that differ."""
        self.sent += count
        return [
            line(
                f"event {number % 3}",
                received=received + timedelta(milliseconds=number),
                project=self.team,
                distinct_id=f"person {number % 5}",
                timestamp=(received + timedelta(seconds=number)).isoformat(),
                properties={"number": number, "text": 'a "quoted" é\n\\', **more},
            )
            for number in range(count)
        ]

    def replay(self, first: datetime, last: datetime | None = None) -> None:
        Replay(
            self.store, self.postgres, self.clickhouse, batch_objects=100, batch_bytes=10_000_000, now=lambda: self.now
        ).days(first.date(), (last or first).date())

    def export(self, destination: Destination | None = None, **fields: Any) -> Export:
        """A saved export: of events, hourly, from ten o'clock on, as Parquet into the folder."""
        given = {
            "name": "An export",
            "model": Model.EVENTS,
            "every": Every.HOUR,
            "start_at": TEN,
            "filters": {},
            "columns": (),
            "query": "",
            **fields,
        }
        return Exports(self.postgres, self.team).create(given, destination or folder(), None)

    def guard(self, host: str, port: int) -> list[str]:
        self.opened.append((host, port))
        return [host]

    @property
    def exporter(self) -> Exporter:
        return Exporter(self.postgres, self.clickhouse, Opener(self.folder, self.guard, LOOPBACK), now=lambda: self.now)

    def runs(self, export: Export) -> list[Run]:
        """Oldest first."""
        return Runs(self.postgres, export).page(1000, 0)[0][::-1]

    def files(self) -> dict[str, bytes]:
        """All that lies in the project's folder."""
        root = self.folder / f"team_id={self.team}"
        return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def saying(event: dict[str, Any], **words: Any) -> dict[str, Any]:
    """The event, with something said of its person."""
    return {**event, "event": {**event["event"], "$set": words}}


def folder(**config: Any) -> Destination:
    return Destination("Folder", {"file_format": "Parquet", "compression": "zstd", **config})
