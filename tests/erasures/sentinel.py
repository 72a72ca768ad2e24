"""A person that has left something everywhere, another that must not notice, and what is left of them."""

import gzip
import json
import os
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from erasure_place import RECEIVED, Place, line

from analytics_pipelines.cohorts.calculate import Calculator
from analytics_pipelines.cohorts.static import StaticMembers
from analytics_pipelines.cohorts.store import Cohorts
from analytics_pipelines.events.keys import REPLAY_PREFIX
from analytics_pipelines.exports.intervals import Every
from analytics_pipelines.exports.model import Destination, Export, Model
from analytics_pipelines.exports.run import Exporter
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.rollups.build import Builder
from analytics_pipelines.rollups.days import Days
from analytics_pipelines.rollups.tables import ROLLUPS

DEVICE, MAIL, OTHER_DEVICE = "Sentinel-device", "sentinel@Sentinel.example", "Sentinel-phone"
MARK = b"entinel"
TWICE = "01a207bd-a9c0-7000-8000-00000000000f"

_SESSION = "01a207bd-a9c0-7000-8000-00000000000"  # of 2026-11-23
_DAY = Days(RECEIVED.date() - timedelta(days=1), RECEIVED.date() + timedelta(days=1))


def sprinkle(place: Place) -> None:
    """Two hours of raw objects, with a recording and lines that are no events, loaded and summed up."""
    ours, hour_before = place.ours, RECEIVED - timedelta(hours=1)
    quiet, acme = {"$process_person_profile": False}, {"company": "Acme"}
    of_acme = {"$group_type": "company", "$group_key": "Acme"}
    place.send(
        line("page", DEVICE, ours, received=hour_before, **quiet, **{"$session_id": f"{_SESSION}1"}),
        line("page", "bob", ours, received=hour_before, **{"$session_id": f"{_SESSION}2", "$groups": acme}),
        line("page", "bob", place.theirs, received=hour_before),
        received=hour_before,
    )
    named = {"$set": {"email": MAIL, "plan": "pro"}, "$set_once": {"first": "Sentinel campaign"}}
    place.send(
        line("$identify", MAIL, ours, **{"$anon_distinct_id": DEVICE, **named}),
        line("$create_alias", MAIL, ours, at=RECEIVED + timedelta(seconds=1), alias=OTHER_DEVICE),
        line("page", MAIL, ours, uuid=TWICE, **{"$groups": {"company": "Sentinel Ltd"}, "$session_id": f"{_SESSION}1"}),
        line(
            "$groupidentify",
            MAIL,
            ours,
            **of_acme,
            **{"$group_set": {"owner": "Sentinel"}},
        ),
        line("SentinelEvent", OTHER_DEVICE, ours, SentinelProperty=1),
        # no merge: bob is somebody already, but the line names her
        line("$identify", "bob", ours, at=RECEIVED + timedelta(seconds=9), **{"$anon_distinct_id": MAIL}),
        line("page", "bob", ours, **{"$set": {"email": "bob@mail.example"}, "$session_id": f"{_SESSION}2"}),
        line("$groupidentify", "bob", ours, **of_acme, **{"$group_set": {"size": 7}}),
        # lines that are no events
        {**line("page", MAIL, ours), "event": {"event": "", "distinct_id": MAIL}},
        {
            **line("page", MAIL, ours),
            "event": '{"event":"page","distinct_id":"' + MAIL + '","prop',
            "refused": "event_too_large",
        },
        {**line("page", "bob", ours), "event": {"event": "", "distinct_id": "bob"}},
    )
    place.send(line("page", MAIL, ours, uuid=TWICE, **{"$groups": {"company": "Sentinel Ltd"}}))  # sent again
    for who in (DEVICE, "bob"):
        place.send(
            line("$snapshot", who, ours, **{"$session_id": f"{_SESSION}1", "$snapshot_data": [{"x": who}]}),
            prefix=REPLAY_PREFIX,
        )
    place.load()
    sum_up(place)


def sum_up(place: Place) -> None:
    builder = Builder(place.postgres, place.clickhouse, place.settings.session_bounce_seconds)
    for rollup in ROLLUPS:
        builder.refresh(rollup, _DAY)


def keep_answers(place: Place) -> dict[str, int]:
    """Cohorts with her in them, a stored result and a cached answer that name her; ids of the cohorts."""
    cohorts = Cohorts(place.postgres, place.ours)
    filters = {
        "properties": {"type": "OR", "values": [{"type": "person", "key": "plan", "value": "pro", "operator": "exact"}]}
    }
    found = cohorts.create("Pros", "", filters, is_static=False, by=None)
    listed = cohorts.create("Listed", "", {}, is_static=True, by=None)
    StaticMembers(place.postgres, place.clickhouse, place.ours, listed.id).add_distinct_ids([DEVICE, "bob"])
    calculator = Calculator(place.postgres, place.clickhouse)
    for each in (found, listed):
        calculator.calculate(each.id)
    place.postgres.execute(
        "INSERT INTO insights (team_id, short_id, query, created_at, last_modified_at)"
        " VALUES (%s, 'Abc', '{}', now(), now())",
        [place.ours],
    )
    place.postgres.execute(
        "INSERT INTO insight_results (insight_id, question, answer, computed_at)"
        " SELECT id, 'q', %s, now() FROM insights",
        [json.dumps({"results": [[MAIL]]})],
    )
    place.postgres.execute(
        "INSERT INTO query_cache VALUES ('key', %s, now() + interval '1 day')", [json.dumps([MAIL]).encode()]
    )
    return {"found": found.id, "listed": listed.id}


def send_away(place: Place) -> Export:
    """An export of all events, into a folder or the bucket in S3, and a delivery that waits to name her."""
    Ledger(place.postgres).move_watermark(RECEIVED + timedelta(hours=2))
    destination = lake(place)
    fields = {"name": "All", "model": Model.EVENTS, "every": Every.HOUR, "start_at": RECEIVED - timedelta(hours=2)}
    export = Exports(place.postgres, place.ours).create(
        {**fields, "filters": {}, "columns": (), "query": ""}, destination, None
    )
    exporter = Exporter.of(place.settings, {})
    exporter.work(export)
    exporter.postgres.close()
    row = place.postgres.row(
        "INSERT INTO webhook_destinations (team_id, name, preset, url, sealed_headers, sealed_secret, seen)"
        " VALUES (%s, 'Chat', 'generic', 'https://chat.example', '', '', 0) RETURNING id",
        [place.ours],
    )
    assert row is not None
    for distinct_id in (MAIL, "bob"):
        ((uuid, person),) = place.rows(
            "SELECT uuid, person_id FROM events WHERE team_id = {team:Int64} AND distinct_id = {id:String}"
            " AND event = 'page' ORDER BY timestamp LIMIT 1",
            team=place.ours,
            id=distinct_id,
        )
        place.postgres.execute(
            "INSERT INTO webhook_deliveries"
            " (team_id, destination_id, event_uuid, event_name, distinct_id, person_id, event, found_at)"
            " VALUES (%s, %s, %s, 'page', %s, %s, %s, now())",
            [place.ours, row["id"], uuid, distinct_id, person, json.dumps({"distinct_id": distinct_id})],
        )
    return export


def lake(place: Place) -> Destination:
    """Where files of exports go: a folder, or the bucket's `exports/` in S3."""
    config = {"file_format": "JSONLines", "compression": "gzip"}
    parts = urlsplit(place.store.url)
    if parts.scheme == "file":
        return Destination("Folder", config)
    at = {"bucket_name": parts.netloc, "region": "us-east-1", "endpoint_url": os.environ["AWS_ENDPOINT_URL"]}
    secrets = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    return Destination("S3", {**config, **at, "prefix": "exports"}, secrets)


def exported(place: Place) -> bytes:
    """All that lies in files of exports."""
    in_folder = [gzip.decompress(path.read_bytes()) for path in place.settings.exports_path.rglob("*.jsonl.gz")]
    in_bucket = [text for key, text in place.everything_stored() if key.endswith(".jsonl.gz")]
    return b"".join([*in_folder, *in_bucket])


def of_bob(place: Place) -> dict[str, list[Any]]:
    """All that is known of him, but for the event of his that names her."""
    bob = "(SELECT person_id FROM person_distinct_ids FINAL WHERE distinct_id = 'bob')"
    asked = {
        "events": "SELECT * EXCEPT batch_id FROM events WHERE distinct_id = 'bob' AND event != '$identify'"
        " ORDER BY team_id, uuid",
        "letters": "SELECT line FROM dead_letters WHERE position(line, '\"bob\"') > 0",
        "person": f"SELECT team_id, id, created_at, properties FROM persons FINAL WHERE id IN {bob} ORDER BY team_id",
        "usage": "SELECT team_id, min(first_seen) FROM distinct_id_usage WHERE distinct_id = 'bob'"
        " GROUP BY team_id ORDER BY team_id",
        "sessions": "SELECT * FROM sessions WHERE distinct_id = 'bob' ORDER BY team_id, session_id",
        "active": f"SELECT * FROM active_people_daily WHERE person_id IN {bob} AND event != '$identify' ORDER BY ALL",
        "names": "SELECT team_id, kind, name FROM sightings WHERE name IN ('page', 'email') GROUP BY ALL ORDER BY ALL",
    }
    return {name: place.rows(sql) for name, sql in asked.items()}


def files_with(folder: Path, mark: bytes, *, without: str = "nothing") -> list[str]:
    """Files below a folder in which these bytes stand."""
    found = subprocess.run(
        ["grep", "-rlaF", f"--exclude-dir={without}", mark.decode(), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.split()


def rows_with(place: Place, mark: bytes) -> list[str]:
    """Tables of Postgres that have a row in which it stands: what a dump would hold."""
    tables = [
        row["name"]
        for row in place.postgres.rows("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    ]
    found = []
    for table in tables:
        with place.postgres.transaction() as connection:
            rows = connection.execute(f'SELECT t::text AS text FROM "{table}" t').fetchall()  # type: ignore[arg-type]
        if any(mark.decode() in row["text"] or mark.hex() in row["text"] for row in rows):
            found.append(table)
    return found


def everywhere(place: Place) -> dict[str, Any]:
    """Where her bytes are."""
    with place.postgres.session() as session:
        session.execute("CHECKPOINT")
    return {
        "clickhouse": files_with(place.engines / "clickhouse", MARK),
        "postgres rows": rows_with(place, MARK),
        # the log of writes is written over in time, and nothing else can be done about it
        "postgres files": files_with(place.engines / "postgres", MARK, without="pg_wal"),
        "bucket": any(MARK in text for _, text in place.everything_stored()),
        "exports": MARK in exported(place),
    }
