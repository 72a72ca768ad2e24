"""What every destination can do: take the rows of an interval, and put them in the place of what it had of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from analytics_pipelines.exports.rows import Rows, Stretch
from analytics_pipelines.problems import Fault

# A host and a port → the addresses to connect to; refuses those that nobody may have us connect to.
Guard = Callable[[str, int], Sequence[str]]


class DestinationFailed(Fault):
    """The destination refuses, or does not answer. The text is for whoever owns the export, without secrets."""


class DestinationForbidden(DestinationFailed):
    """Nobody may have us connect there; trying again is no use."""


@dataclass(frozen=True, slots=True)
class Written:
    """One file, or one insert. `bytes` as stored, or as sent; `checksum` of a file's content."""

    name: str
    rows: int
    bytes: int
    checksum: str = ""


class Target(Protocol):
    """One interval at one destination. Until `finish` returns nobody takes what is there for the whole interval."""

    has_limit: bool
    """Whether stretches may turn out too large."""

    def begin(self) -> None:
        """Mark the interval as unfinished, and clear what a broken-off try left."""

    def write(self, number: int, rows: Rows, stretch: Stretch) -> Written:
        """Write one stretch, the first alone, others perhaps at once; again under the same number replaces it."""

    def is_too_large(self, written: Written) -> bool:
        """Whether a stretch should rather have been shorter."""

    def finish(self, written: Sequence[Written]) -> None:
        """Make these, and nothing else, what the destination has of the interval."""


def address_of(guard: Guard, host: str, port: int) -> str:
    """One address of a host that may be connected to. Raises what the guard does, and DestinationFailed."""
    found = guard(host, port)
    if not found:
        raise DestinationFailed(f"{host} has no address.")
    return found[0]


def without(secrets: Sequence[str], text: str) -> str:
    """A message without what nobody should read."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "***")
    return text


def literal(value: Any) -> str:
    """A text as ClickHouse's SQL has it. ClickHouse hides secrets in its logs when they stand where it knows them."""
    text = str(value)
    if "\0" in text:
        raise ValueError("a text holds the character NUL")
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
