"""Verified erasures are looked at again: by salted hashes, since nothing else of the ids is known any more."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics_pipelines.erasures.late_recordings import LateRecordings
from analytics_pipelines.erasures.requests import Erasure, Erasures
from analytics_pipelines.erasures.subject import Subject
from analytics_pipelines.ingest.cookieless_secret import cookieless_secret
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres

# What arrives late, of hosts whose clocks are behind or that could not reach the bucket, was received in these days
# before the request. For so long a request is looked at again, too.
LATE = timedelta(days=2)

_KNOWN_AGAIN = "lower(hex(SHA256(concat(unhex({salt:String}), distinct_id)))) IN {hashes:Array(String)}"
_IN_TIME = "team_id = {team:Int64} AND received_at <= {until:DateTime64(3)} AND arrival_day >= {since:Date}"


@dataclass(frozen=True)
class Resurfaced:
    """What came to light of a verified erasure since: so many events and lines of session recordings, of these ids."""

    erasure: Erasure
    events: int
    recordings: int = 0
    ids: Collection[str] = ()

    @property
    def survivors(self) -> int:
        return self.events + self.recordings


def resurfaced(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse, now: datetime) -> list[Resurfaced]:
    """Those of the last days of which anything is stored again; it is noted of them."""
    requests = Erasures(postgres)
    verified = requests.verified_since(now - LATE)
    recordings = LateRecordings(store, cookieless_secret(postgres), LATE).of(verified, now) if verified else {}
    looked_at = [_look(erasure, clickhouse, recordings[erasure.id]) for erasure in verified]
    found = [each for each in looked_at if each.survivors]
    for each in found:
        requests.note_resurfaced(each.erasure.id, now)
    return found


def reopen_resurfaced(store: ObjectStore, postgres: Postgres, clickhouse: ClickHouse, now: datetime) -> int:
    """Have them erased once more; how many there are."""
    found = resurfaced(store, postgres, clickhouse, now)
    for each in found:
        Erasures(postgres).reopen(each.erasure, Subject(each.erasure.kind, frozenset(each.ids)))
    return len(found)


def _look(erasure: Erasure, clickhouse: ClickHouse, recordings: Counter[str]) -> Resurfaced:
    lines = recordings.total()
    parameters = {
        "team": erasure.team_id,
        "until": erasure.requested_at,
        "since": (erasure.requested_at - LATE).date(),
        "salt": erasure.salt.hex(),
        "hashes": [each.hex() for each in erasure.hashes],
    }
    if erasure.kind == "project":
        count = clickhouse.query("SELECT count() FROM events WHERE team_id = {team:Int64}", parameters).one()[0]
        return Resurfaced(erasure, int(count), lines)
    if erasure.kind != "person":
        return Resurfaced(erasure, events=0)  # whose events they were can't be told by a hash of an id
    rows = clickhouse.query(
        f"SELECT distinct_id, count() FROM events WHERE {_IN_TIME} AND {_KNOWN_AGAIN} GROUP BY distinct_id", parameters
    ).rows
    ids = {distinct_id for distinct_id, _ in rows}.union(recordings)
    return Resurfaced(erasure, sum(count for _, count in rows), lines, ids)
