"""Verified erasures are looked at again: by salted hashes, since nothing else of the ids is known any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics_pipelines.erasures.requests import Erasure, Erasures
from analytics_pipelines.erasures.subject import Subject
from resources.clickhouse import ClickHouse

# What arrives late, of hosts whose clocks are behind or that could not reach the bucket, was received in these days
# before the request. For so long a request is looked at again, too.
LATE = timedelta(days=2)

_KNOWN_AGAIN = "lower(hex(SHA256(concat(unhex({salt:String}), distinct_id)))) IN {hashes:Array(String)}"
_IN_TIME = "team_id = {team:Int64} AND received_at <= {until:DateTime64(3)} AND arrival_day >= {since:Date}"


@dataclass(frozen=True)
class Resurfaced:
    """Events of a verified erasure that came to light since: so many, of these ids."""

    erasure: Erasure
    events: int
    ids: Sequence[str] = ()


def resurfaced(requests: Erasures, clickhouse: ClickHouse, now: datetime) -> list[Resurfaced]:
    """Those of the last days of which anything is stored again; it is noted of them."""
    looked_at = [_look(erasure, clickhouse) for erasure in requests.verified_since(now - LATE)]
    found = [each for each in looked_at if each.events]
    for each in found:
        requests.note_resurfaced(each.erasure.id, now)
    return found


def reopen_resurfaced(requests: Erasures, clickhouse: ClickHouse, now: datetime) -> int:
    """Have them erased once more; how many there are."""
    found = resurfaced(requests, clickhouse, now)
    for each in found:
        requests.reopen(each.erasure, Subject(each.erasure.kind, frozenset(each.ids)))
    return len(found)


def _look(erasure: Erasure, clickhouse: ClickHouse) -> Resurfaced:
    parameters = {
        "team": erasure.team_id,
        "until": erasure.requested_at,
        "since": (erasure.requested_at - LATE).date(),
        "salt": erasure.salt.hex(),
        "hashes": [each.hex() for each in erasure.hashes],
    }
    if erasure.kind == "project":
        count = clickhouse.query("SELECT count() FROM events WHERE team_id = {team:Int64}", parameters).one()[0]
        return Resurfaced(erasure, int(count))
    if erasure.kind != "person":
        return Resurfaced(erasure, 0)  # whose events they were can't be told by a hash of an id
    rows = clickhouse.query(
        f"SELECT distinct_id, count() FROM events WHERE {_IN_TIME} AND {_KNOWN_AGAIN} GROUP BY distinct_id", parameters
    ).rows
    return Resurfaced(erasure, sum(count for _, count in rows), [distinct_id for distinct_id, _ in rows])
