"""The lines of a batch, one by one: only for a batch in which something is no event."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from analytics_pipelines.events import zstd
from analytics_pipelines.events.line import broken_rule, envelope_of, mended
from analytics_pipelines.ingest.ledger import Batch

# What capture finds broken is told from what ingestion finds, so that people look in the right place.
_RULES_OF_INGESTION = frozenset(
    {
        "malformed_line",
        "missing_uuid",
        "event_is_not_an_object",
        "missing_event_name",
        "missing_distinct_id",
        "cannot_be_loaded",
        "unreadable_object",
    }
)


@dataclass(frozen=True)
class Line:
    """A line as it stands in the bucket, and the key of its object."""

    text: bytes
    key: str


@dataclass(frozen=True)
class DeadLetter:
    """A line that is no event, with the rule it breaks."""

    line: Line
    reason: str

    @property
    def stage(self) -> str:
        return "ingest" if self.reason in _RULES_OF_INGESTION else "capture"

    def row(self, batch: Batch) -> list[object]:
        """Its row in `dead_letters`: team_id, received_at, reason, stage, line, object_key, arrival_day, batch_id."""
        project, received_ms = envelope_of(self.line.text)
        readable = 1 <= received_ms <= 7258118400000
        received = datetime.fromtimestamp(received_ms / 1000, UTC) if readable else batch.hour
        text = self.line.text.decode("utf-8", "replace")
        return [project, received, self.reason, self.stage, text, self.line.key, batch.hour.date(), batch.id]


def sort_out(objects: Iterable[tuple[str, bytes]]) -> tuple[list[Line], list[DeadLetter]]:
    """Objects (key, zstd frames) → lines that hold an event or a drop, and those that hold none."""
    good: list[Line] = []
    dead: list[DeadLetter] = []
    for key, frames in objects:
        try:
            text = zstd.decompress(frames)
        except zstd.ZstdError as error:
            dead.append(DeadLetter(Line(f"{key}: {error}".encode(), key), "unreadable_object"))
            continue
        for each in filter(None, text.split(b"\n")):
            line = Line(each, key)
            reason = broken_rule(mended(each))
            if reason:
                dead.append(DeadLetter(line, reason))
            else:
                good.append(line)
    return good, dead


def payload(lines: Iterable[Line]) -> bytes:
    """The lines as one zstd frame."""
    return zstd.compress(b"".join(mended(line.text) + b"\n" for line in lines))


def poisonous(lines: Sequence[Line], loads: Callable[[Sequence[Line]], bool]) -> list[Line]:
    """The lines that `loads` fails on, found by halves: about log2(n) tries for each."""
    if not lines or loads(lines):
        return []
    if len(lines) == 1:
        return list(lines)
    middle = len(lines) // 2
    return poisonous(lines[:middle], loads) + poisonous(lines[middle:], loads)
