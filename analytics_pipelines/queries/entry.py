"""An answer as the cache keeps it: JSON, compressed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import msgspec

from analytics_pipelines.events import zstd
from analytics_pipelines.queries.ask import Computed
from analytics_pipelines.queries.reads import Read
from analytics_pipelines.queries.staleness import Made


@dataclass(frozen=True)
class Entry:
    """`answer` holds nothing but what JSON has."""

    answer: dict[str, Any]
    made: Made
    reads: list[Read]

    @classmethod
    def of(cls, computed: Computed, version: int, interval: str | None) -> Entry:
        """`version` numbers the last change of the data before they were read."""
        answer = msgspec.json.decode(msgspec.json.encode(computed.answer))
        dates = answer.get("resolved_date_range")
        return cls(answer, Made.of(computed.at, version, interval, dates), computed.reads)

    def packed(self) -> bytes:
        return zstd.compress(msgspec.json.encode({**asdict(self), "reads": [asdict(read) for read in self.reads]}))

    @classmethod
    def unpacked(cls, packed: bytes) -> Entry | None:
        """None for what another release wrote, or nobody."""
        try:
            found = msgspec.json.decode(zstd.decompress(packed))
            made = {
                name: datetime.fromisoformat(value) if name in ("at", "date_from", "date_to") and value else value
                for name, value in found["made"].items()
            }
            return cls(found["answer"], Made(**made), [Read(**read) for read in found["reads"]])
        except (zstd.ZstdError, msgspec.DecodeError, KeyError, TypeError, ValueError):
            return None
