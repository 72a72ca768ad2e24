"""An answer as the cache keeps it: JSON, compressed."""

from __future__ import annotations

from dataclasses import dataclass
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
        return zstd.compress(msgspec.json.encode(self))

    @classmethod
    def unpacked(cls, packed: bytes) -> Entry | None:
        """None for what another release wrote."""
        try:
            return msgspec.json.decode(zstd.decompress(packed), type=cls)
        except (zstd.ZstdError, msgspec.DecodeError):
            return None
