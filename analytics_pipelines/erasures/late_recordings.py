"""Parts of session recordings that came to light after an erasure: they are in the bucket alone, so it is read."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from analytics_pipelines.erasures.requests import Erasure
from analytics_pipelines.erasures.subject import hashes
from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import REPLAY_PREFIX, is_raw_key, milliseconds, received_at
from analytics_pipelines.events.line import envelope_of
from analytics_pipelines.events.normalise import Event, normalise
from analytics_pipelines.ingest.moved import lines_of
from resources.object_store import ObjectStore


@dataclass(frozen=True)
class LateRecordings:
    """Looks for lines of verified erasures. `late` before the request is how far back; `secret` makes the ids of
    cookieless visitors."""

    store: ObjectStore
    secret: bytes
    late: timedelta

    def of(self, erasures: Sequence[Erasure], now: datetime) -> dict[int, Counter[str]]:
        """How many lines there are of each erasure, by distinct id; each object is read once. Raises StoreUnavailable.

        Of projects any line counts, whenever it came; of persons what was received until the request.
        """
        wanted = [each for each in erasures if each.kind in ("person", "project")]
        found: dict[int, Counter[str]] = {each.id: Counter() for each in erasures}
        for key, line, project, received in self._lines(wanted, now):
            meant = [each for each in wanted if each.team_id == project and _in_time(each, received)]
            if not meant:
                continue
            event = normalise(line, secret=self.secret, arrived=_arrived(key))
            distinct_id = event.distinct_id if isinstance(event, Event) else ""
            for erasure in meant:
                if erasure.kind == "project" or hashes(erasure.salt, [distinct_id])[0] in erasure.hashes:
                    found[erasure.id][distinct_id] += 1
        return found

    def _lines(self, wanted: Sequence[Erasure], now: datetime) -> Iterator[tuple[str, bytes, int, int]]:
        """Key, line, project and moment of receipt in milliseconds."""
        for day in self._days(wanted, now):
            for item in self.store.objects(f"{REPLAY_PREFIX}/{day}"):
                for line in self._read(item.key):
                    project, received = envelope_of(line)
                    yield item.key, line, project, received or milliseconds(_arrived(item.key))

    def _days(self, wanted: Sequence[Erasure], now: datetime) -> Iterable[str]:
        if not wanted:
            return []
        first = min(each.requested_at for each in wanted) - self.late
        last = now if any(each.kind == "project" for each in wanted) else max(each.requested_at for each in wanted)
        days = self.store.folders(REPLAY_PREFIX)
        return [day for day in days if f"dt={first:%Y-%m-%d}" <= day <= f"dt={last:%Y-%m-%d}"]

    def _read(self, key: str) -> list[bytes]:
        if not is_raw_key(key.removeprefix(_BEFORE)):
            return []
        try:
            return lines_of(self.store.get(key))
        except (FileNotFoundError, zstd.ZstdError):
            return []  # gone since it was listed, or no object of ours


_BEFORE = REPLAY_PREFIX.removesuffix("raw/v1")


def _arrived(key: str) -> datetime:
    return received_at(key.removeprefix(_BEFORE))


def _in_time(erasure: Erasure, received: int) -> bool:
    return erasure.kind == "project" or received <= milliseconds(erasure.requested_at)
