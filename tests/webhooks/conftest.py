"""A project whose events arrive, and receivers that are told of them."""

import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hook_receiver import Receiver, receiving

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.settings import Settings
from analytics_pipelines.webhooks.deliver import Deliverer
from analytics_pipelines.webhooks.queue import Queue, health
from analytics_pipelines.webhooks.sending import Patience
from analytics_pipelines.webhooks.store import Destination, Destinations
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

HASTY = Patience(first_pause=0.0, longest_pause=0.0, most_attempts=3, parked_events=2, parked_pause=0.0)


@dataclass
class World:
    """One project, with a bucket of its own."""

    settings: Settings
    postgres: Postgres
    clickhouse: ClickHouse
    store: ObjectStore
    team_id: int
    patience: Patience = HASTY
    total_seconds: float = 2.0
    later: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.later

    def arrive(self, *events: str | dict[str, Any], team_id: int | None = None, load: bool = True) -> list[str]:
        """Events arrive now, in one object, and are loaded; their uuids."""
        received, ids, lines = datetime.now(UTC), [], []
        for number, given in enumerate(events):
            event = {"event": given} if isinstance(given, str) else dict(given)
            ids.append(event.pop("uuid", str(uuid.uuid4())))
            moment = received + timedelta(milliseconds=number)
            lines.append(
                json.dumps(
                    {
                        "received_at": int(moment.timestamp() * 1000),
                        "sent_at": None,
                        "project": team_id or self.team_id,
                        "uuid": ids[-1],
                        "event": {"distinct_id": "ada", "timestamp": moment.isoformat(), "properties": {}, **event},
                    }
                )
            )
        payload = zstd.compress("".join(line + "\n" for line in lines).encode())
        self.store.put(raw_key(received, f"node{uuid.uuid4().hex[:8]}", payload), payload)
        if load:
            self.load()
        return ids

    def load(self) -> None:
        Drain(self.store, self.postgres, self.clickhouse, batch_objects=100, batch_bytes=10_000_000).everything()

    def destination(self, receiver: Receiver | str, **fields: Any) -> Destination:
        url = receiver if isinstance(receiver, str) else receiver.url
        made, _ = Destinations(self.postgres, self.team_id).create(
            {"name": "Hook", "preset": "generic", "url": url, **fields}, None
        )
        return made

    def deliverer(self) -> Deliverer:
        return Deliverer(self.postgres, self.clickhouse, self.settings, self.patience, self.total_seconds, now=self.now)

    def deliver(self, *destinations: Destination) -> None:
        self.deliverer().deliver([each.id for each in destinations] or self._all())

    def health(self, destination: Destination) -> dict[str, Any]:
        return health(self.postgres, self.team_id)[destination.id]

    def queue(self, destination: Destination) -> Queue:
        return Queue(self.postgres, destination.id)

    def _all(self) -> list[int]:
        return [each.id for each in Destinations(self.postgres, self.team_id).all()]


@pytest.fixture(scope="module")
def engines_of_module(spares: Any) -> Iterator[Any]:
    found = spares.take()
    yield found
    spares.give_back(found)


@pytest.fixture
def world(engines_of_module: Any, tmp_path: Path) -> Iterator[World]:
    postgres = Postgres(engines_of_module.postgres_url, pool_size=16)
    projects = Projects(postgres)
    if not projects.all():
        People(postgres).ensure_first("Us", "First", new_project_token(), "admin@example.com")
    project = projects.create(f"Of {uuid.uuid4().hex[:8]}")
    settings = Settings(
        data_dir=tmp_path,
        postgres_url=engines_of_module.postgres_url,
        clickhouse_url=engines_of_module.clickhouse_url,
        object_store_url=(tmp_path / "bucket").as_uri(),
        web_url="https://analytics.example",
        outbound_allowed="127.0.0.1",
    )
    store = ObjectStore(settings.bucket_url)
    yield World(settings, postgres, ClickHouse(engines_of_module.clickhouse_url), store, project.id)
    projects.delete(project.id)
    postgres.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def told(receiver: Receiver) -> list[str]:
    """The uuids of the events that arrived, in order."""
    return [json.loads(got.body)["event"]["uuid"] for got in receiver.got]


Plan = Callable[..., Any]
