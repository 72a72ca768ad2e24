"""The demo shop's events into the bucket, where they are raw objects like anybody's; and out of everything again."""

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.demo.sending import Sending
from analytics_pipelines.demo.shop import SEED, journeys, visitors
from analytics_pipelines.demo.traces import NODE, Traces
from analytics_pipelines.events import zstd
from analytics_pipelines.events.envelope import Arrival, to_lines
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.events.parse import Incoming, Request
from analytics_pipelines.ingest.drain import Drain
from analytics_pipelines.ingest.locks import LOAD, held
from analytics_pipelines.ingest.replacements import Replacements
from analytics_pipelines.migrations.cluster import refuse_a_cluster
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

PROJECT_NAME = "Demo shop"

_LINES_AN_OBJECT = 4000

Progress = Callable[[int, int], None]

_encoder = msgspec.json.Encoder()


def load(
    store: ObjectStore,
    projects: Projects,
    *,
    now: datetime,
    seed: int = SEED,
    scale: float = 1.0,
    progress: Progress = lambda *_: None,
) -> Project:
    """Write half a year of events until `now` for the project "Demo shop", which is made when it is not there.

    `now` has to be the present moment: the objects are keyed by it, and ingestion does not look far back. Loading
    again adds nothing to what can be queried, for the events are the same. `progress` is told (visitors done, of all).
    Raises StoreUnavailable, PostgresUnavailable, Problem.
    """
    project = _demo_project(projects)
    everybody = visitors(scale)
    progress(0, everybody)
    lines: list[bytes] = []
    count = 0
    for done, sendings in enumerate(journeys(now, seed=seed, scale=scale, token=project.api_token), start=1):
        for sending in sendings:
            lines.append(raw_lines(sending, project, now))
            count += len(sending.events)
        if lines and (count >= _LINES_AN_OBJECT or done == everybody):
            payload = zstd.compress(b"".join(lines), level=3)
            store.put(raw_key(now, NODE, payload), payload)
            lines, count = [], 0
            progress(done, everybody)
    progress(everybody, everybody)
    return project


def clear(
    store: ObjectStore,
    postgres: Postgres,
    clickhouse: ClickHouse,
    projects: Projects,
    progress: Progress = lambda *_: None,
) -> int:
    """Remove the demo projects with their events, dead letters, raw objects and ledger rows; how many events it were.

    Other projects' data stays as it is, also in objects that hold both. What was broken off anywhere is finished by the
    next call. Waits for a replay to end. What somebody else sent to a demo project stays in the bucket while it waits
    to be loaded, and so do recordings of sessions. `progress` is told (objects removed, of all). Raises Problem,
    StoreUnavailable, PostgresUnavailable, ClickHouseUnavailable, ClickHouseRefused.
    """
    if any(each.is_demo for each in projects.all()):
        refuse_a_cluster(
            clickhouse,
            "events",
            "a project can't be removed yet",
            "Delete the demo's rows on every server by hand, and the bucket's objects with -demo- in their names.",
        )
    # A batch found open could neither be finished without its objects nor be known as the same with fewer of them.
    Drain(store, postgres, clickhouse, batch_objects=1, batch_bytes=1).hours([])
    replacements = Replacements(store, postgres)
    with replacements.alone(), postgres.session() as session, held(session, LOAD):
        traces = Traces(replacements, postgres, clickhouse, [each for each in projects.all() if each.is_demo])
        return traces.remove(projects, datetime.now(UTC), progress)


def _demo_project(projects: Projects) -> Project:
    known = (each for each in projects.all() if each.is_demo and each.name == PROJECT_NAME)
    return next(known, None) or projects.create(PROJECT_NAME, is_demo=True)


def raw_lines(sending: Sending, project: Project, received: datetime) -> bytes:
    """What capture would have written down of this request at that moment."""
    request = Request(
        token=project.api_token,
        sent_at=None,  # the clocks of the demo are right, and months behind
        events=[Incoming(uuid, _encoder.encode(event)) for uuid, event in sending.events],
    )
    return to_lines(request, Arrival(received, sending.ip, sending.user_agent, sending.path, project.id))
