"""An installation on real engines, and lines as capture leaves them."""

import gzip
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from analytics_pipelines.erasures.component import component
from analytics_pipelines.erasures.eraser import Eraser
from analytics_pipelines.erasures.requests import Erasure, Erasures
from analytics_pipelines.erasures.subject import Subject
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

RECEIVED = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
ASKED = RECEIVED + timedelta(hours=1)


@dataclass
class Place:
    """Stores, and a project `ours` and another, `theirs`."""

    settings: Settings
    postgres: Postgres
    clickhouse: ClickHouse
    store: ObjectStore
    ours: int
    theirs: int
    engines: Path

    def send(self, *lines: dict[str, Any] | str, received: datetime = RECEIVED, prefix: str = "raw/v1") -> str:
        text = "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines)
        payload = zstd.compress(text.encode())
        key = raw_key(received, "node", payload, prefix=prefix)
        self.store.put(key, payload)
        return key

    def load(self) -> None:
        Drain(self.store, self.postgres, self.clickhouse, 100, 10_000_000).everything()

    def ask(self, *ids: str, subject: Subject | None = None, now: datetime = ASKED, team: int | None = None) -> Erasure:
        team = team or self.ours
        meant = subject or Subject("person", component(self.postgres, team, ids, now))
        return Erasures(self.postgres).request(team, meant, by="test", now=now)

    def eraser(self) -> Eraser:
        return Eraser(self.store, self.postgres, self.clickhouse, self.settings)

    def erase(self, *ids: str, **more: Any) -> Erasure:
        erasure = self.ask(*ids, **more)
        (done,) = self.eraser().run(erasure.id)
        return done

    def rows(self, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
        return self.clickhouse.query(sql, parameters).rows

    def everything_stored(self) -> list[tuple[str, bytes]]:
        """All that lies in the bucket, unpacked, by key; and in a folder also what was left unfinished."""
        parts = urlsplit(self.store.url)
        if parts.scheme == "file":
            files = [path for path in sorted(Path(parts.path).rglob("*")) if path.is_file()]
            return [(str(path), _unpacked(path.name, path.read_bytes())) for path in files]
        whole = ObjectStore(f"s3://{parts.netloc}")  # with what lies outside of the prefix
        return [(item.key, _unpacked(item.key, whole.get(item.key))) for item in whole.objects("")]


def _unpacked(name: str, payload: bytes) -> bytes:
    if name.endswith(".zst"):
        return zstd.decompress(payload)
    return gzip.decompress(payload) if name.endswith(".gz") else payload


def line(
    name: str, distinct_id: str, project: int, *, received: datetime = RECEIVED, uuid: str = "", **more: Any
) -> dict[str, Any]:
    """A line of an event; `more` are its properties, but for `at`, its time."""
    at = more.pop("at", received)
    event = {"event": name, "distinct_id": distinct_id, "timestamp": at.isoformat(), "properties": more}
    return {
        "received_at": int(received.timestamp() * 1000),
        "sent_at": None,
        "ip": "",
        "user_agent": "",
        "project": project,
        "uuid": uuid or str(uuid4()),
        "event": event,
    }
