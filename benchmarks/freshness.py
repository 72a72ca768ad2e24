"""How soon events can be queried while a steady stream of them comes in."""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from statistics import quantiles
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from benchmarks.capture_payloads import events

EVENTS_A_SECOND = 1_000
BATCH = 10
SECONDS = 180
# A sender that is late catches up; of so many connections none is ever the limit.
_SENDERS = 8
_PROBE = "freshness probe"
# Until the last probe is found, at most.
_PATIENCE = 60


@dataclass
class Freshness:
    """Seconds from a 200 to the first answer with the event in it; and how many events a second were accepted."""

    seconds: list[float] = field(default_factory=list)
    rate: float = 0

    @property
    def percentiles(self) -> tuple[float, float, float]:
        """The 50th, the 95th and the largest."""
        found = quantiles(self.seconds, n=100)
        return found[49], found[94], max(self.seconds)


def measure_freshness(capture: str, web: str, token: str, api_key: str) -> Freshness:
    """Send for three minutes, and in each second one event that is looked for by its uuid until it is found."""
    accepted: dict[str, float] = {}
    found, done = Freshness(), threading.Event()
    looking = threading.Thread(target=_look, args=(web, api_key, accepted, found, done))
    looking.start()
    begun = time.monotonic()
    with ThreadPoolExecutor(_SENDERS) as senders:
        counts = list(senders.map(lambda number: _send(capture, token, number, begun, accepted), range(_SENDERS)))
    found.rate = sum(counts) / (time.monotonic() - begun)
    done.set()
    looking.join()
    return found


def _send(capture: str, token: str, number: int, begun: float, accepted: dict[str, float]) -> int:
    """One sender's share, evenly; the first of them sends the probes, too. How many events were accepted."""
    post = _poster(capture, {})
    chance, pause, sent = random.Random(number), BATCH * _SENDERS / EVENTS_A_SECOND, 0  # noqa: S311
    for turn in range(int(SECONDS / pause)):
        time.sleep(max(0.0, begun + (turn + number / _SENDERS) * pause - time.monotonic()))
        batch = [{**event, **_made_now(chance)} for event in events(BATCH, token, chance)]
        probe = None
        if number == 0 and int(turn * pause) != int((turn - 1) * pause):
            made = _made_now(chance)
            probe = made["uuid"]
            batch.append({**made, "event": _PROBE, "distinct_id": "probe", "properties": {}})
        post("/batch/", {"api_key": token, "batch": batch})
        if probe:
            accepted[probe] = time.monotonic()
        sent += len(batch)
    return sent


def _made_now(chance: random.Random) -> dict[str, str]:
    """What an SDK says of an event that it makes: a uuid of version 7, and when."""
    now = datetime.now(UTC)
    head = int(now.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62
    uuid = UUID(int=head | chance.getrandbits(12) << 64 | chance.getrandbits(62))
    return {"uuid": str(uuid), "timestamp": now.isoformat()}


def _look(web: str, api_key: str, accepted: dict[str, float], found: Freshness, done: threading.Event) -> None:
    ask = _poster(web, {"Authorization": f"Bearer {api_key}"})
    question = {
        "query": {"kind": "HogQLQuery", "query": f"select uuid from events where event = '{_PROBE}' limit 1000"},
        "refresh": "force_blocking",
    }
    seen: set[str] = set()
    until = time.monotonic() + SECONDS + _PATIENCE
    while not (done.is_set() and seen >= accepted.keys()) and time.monotonic() < until:
        answer = ask("/api/projects/1/query/", question)
        now = time.monotonic()
        for uuid in {row[0] for row in answer["results"]} - seen:
            if uuid in accepted:
                seen.add(uuid)
                found.seconds.append(now - accepted[uuid])
        time.sleep(0.25)
    if missing := accepted.keys() - seen:
        raise RuntimeError(f"{len(missing)} of {len(accepted)} events can't be queried after {_PATIENCE} s")


def _poster(url: str, headers: dict[str, str]) -> Callable[[str, object], dict[str, Any]]:
    host = urlsplit(url).netloc
    connection = http.client.HTTPConnection(host, timeout=30)

    def post(path: str, body: object) -> dict[str, Any]:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        text = response.read()
        if response.status >= 300:
            raise RuntimeError(f"{path} answered {response.status}: {text[:300]!r}")
        return dict(json.loads(text))

    return post
