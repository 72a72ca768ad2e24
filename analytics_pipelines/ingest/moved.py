"""Where the lines of raw objects are that gave way to others, and how they are read there.

The ledger's batches keep the keys that they were loaded from. Compaction and erasure put other objects in their place,
so that a batch that is read again finds each of its objects as a run of lines in another, or nothing of it.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta

from analytics_pipelines.events import zstd
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@dataclass(frozen=True)
class Place:
    """`lines` lines from number `first` (0 is the first one) of the object `key`; None: no line is left of it."""

    key: str | None
    first: int
    lines: int


def lines_of(frames: bytes) -> list[bytes]:
    """The lines of an object, without line breaks; empty ones are none. Raises zstd.ZstdError for what is no object."""
    return [line for line in zstd.decompress(frames).split(b"\n") if line]


def packed(lines: Sequence[bytes]) -> bytes:
    """An object of these lines."""
    return zstd.compress(b"".join(line + b"\n" for line in lines))


@dataclass
class MovedObjects:
    """Reads raw objects by the keys that they once had. Not safe to share between threads."""

    store: ObjectStore
    postgres: Postgres
    _last: tuple[str, list[bytes]] = field(default=("", []), repr=False)

    def get(self, key: str) -> bytes:
        """What was stored under this key, as far as it is kept. Raises FileNotFoundError, or StoreUnavailable."""
        try:
            return self.store.get(key)
        except FileNotFoundError:
            place = self.places([key]).get(key)
            if place is None:
                raise
        return self._lines_at(place)

    def get_many(self, keys: Sequence[str]) -> Iterator[bytes | None]:
        """The same of several, in order, and None for what is not kept. Raises StoreUnavailable."""
        places: dict[str, Place] | None = None
        for key, found in zip(keys, self.store.get_many(keys), strict=True):
            if found is not None:
                yield found
                continue
            places = self.places(keys) if places is None else places
            place = places.get(key) or self.places([key]).get(key)
            yield None if place is None else self._lines_at(place)

    def _lines_at(self, place: Place) -> bytes:
        if place.key is None or not place.lines:
            return packed([])
        if self._last[0] != place.key:
            self._last = (place.key, lines_of(self.store.get(place.key)))
        return packed(self._last[1][place.first : place.first + place.lines])

    def places(self, keys: Collection[str]) -> dict[str, Place]:
        """Where the lines of those of these objects are that gave way."""
        rows = self.postgres.rows(
            "SELECT key, new_key, first_line, lines FROM raw_moved_objects WHERE key = ANY(%s)", [list(keys)]
        )
        return {row["key"]: Place(row["new_key"], row["first_line"], row["lines"]) for row in rows}

    def places_of_day(self, day: date) -> dict[str, Place]:
        """The same, for all objects of a day of arrival."""
        rows = self.postgres.rows(
            "SELECT m.key, m.new_key, m.first_line, m.lines FROM raw_moved_objects m"
            " JOIN raw_replacements r ON r.id = m.replacement_id WHERE r.arrival_hour >= %s AND r.arrival_hour < %s",
            _span(day),
        )
        return {row["key"]: Place(row["new_key"], row["first_line"], row["lines"]) for row in rows}

    def to_pass_over(self, day: date) -> set[str]:
        """Keys of a day of arrival that may be in the bucket and do not count: they gave way, or never came to be."""
        rows = self.postgres.rows(
            "SELECT unnest(CASE state WHEN 'swapped' THEN old_keys ELSE ARRAY[new_key] END) AS key"
            " FROM raw_replacements WHERE arrival_hour >= %s AND arrival_hour < %s AND state != 'done'",
            _span(day),
        )
        return {row["key"] for row in rows if row["key"]}


def _span(day: date) -> tuple[datetime, datetime]:
    start = datetime.combine(day, time(), UTC)
    return start, start + timedelta(days=1)
