"""Which lines of raw objects an erasure takes out. Pure, but for the object's bytes that it is given."""

import json
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from analytics_pipelines.events import zstd
from analytics_pipelines.events.cookieless import MERGING, SENTINEL
from analytics_pipelines.events.keys import PREFIX, milliseconds, received_at
from analytics_pipelines.events.line import envelope_of, read_line
from analytics_pipelines.events.members import value_of
from analytics_pipelines.events.normalise import Event, normalise, text_of

_MOST_CHARACTERS = 200


class _Head(msgspec.Struct):
    project: Any = 0
    uuid: Any = None
    received_at: Any = 0


_head = msgspec.json.Decoder(_Head).decode


@dataclass(frozen=True)
class Wanted:
    """The lines of project `team_id`, received until `until`, that are one's.

    `ids` are a person's: a line is theirs when it is an event of one of them, or says that one of them is another id
    (`$identify`, `$create_alias`, `$merge_dangerously`), or holds no event and one of `words` as a whole JSON text.
    `uuids` are of events that were chosen. With `everything` all lines of the project are meant.
    """

    team_id: int
    until: datetime
    ids: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    uuids: Collection[UUID] = frozenset()
    everything: bool = False


class LineFilter:
    """Tells the lines that are wanted from the others. `secret` makes the ids of cookieless events."""

    def __init__(self, wanted: Wanted, secret: bytes) -> None:
        self._wanted = wanted
        self._secret = secret
        self._until = milliseconds(wanted.until)
        self._quoted = [json.dumps(word, ensure_ascii=False)[1:-1] for word in sorted(wanted.words)]
        self._hint = _hint(wanted.words)

    def without(self, frames: bytes, key: str) -> tuple[list[bytes], int]:
        """The lines of an object that stay, and how many do not. Raises zstd.ZstdError for what is no object."""
        text = zstd.decompress(frames)
        lines = [line for line in text.split(b"\n") if line]
        if self._is_by_words and not self._may_name_them(text):
            return lines, 0
        kept = [line for line in lines if not self.takes(line, key)]
        return kept, len(lines) - len(kept)

    def takes(self, line: bytes, key: str) -> bool:
        """Whether a line of that object goes."""
        if self._is_by_words and not self._may_name_them(line):
            return False
        project, received = envelope_of(line)
        if self._wanted.everything:
            return project == self._wanted.team_id
        if project != self._wanted.team_id or (received or milliseconds(_arrived(key))) > self._until:
            return False
        if self._wanted.uuids and _uuid_of(line) in self._wanted.uuids:
            return True
        return self._may_name_them(line) and self._names_them(line, key)

    @property
    def _is_by_words(self) -> bool:
        """Whether nothing is wanted that holds none of the words."""
        return not (self._wanted.everything or self._wanted.uuids)

    def _may_name_them(self, text: bytes) -> bool:
        return bool(self._wanted.words) and (self._hint is None or self._hint.search(text) is not None)

    def names(self, text: str) -> bool:
        """Whether a line that is no event, or the text that stands in place of its event, holds one of the words."""
        return any(f'"{word}"' in text or f'\\"{word}\\"' in text for word in self._quoted) or any(
            word in self._wanted.words for word in _texts_in(text)
        )

    def _names_them(self, line: bytes, key: str) -> bool:
        read = read_line(line)
        if read is not None and read.dropped:
            return False
        event = normalise(line, secret=self._secret, arrived=_arrived(key))
        if not isinstance(event, Event):
            return self.names(line.decode("utf-8", "replace"))
        if not self._wanted.ids:
            return False
        return event.distinct_id in self._wanted.ids or (
            event.event in MERGING and other_side(event) in self._wanted.ids
        )


def other_side(event: Event) -> str:
    """The id that an event merges into its own, as `persons/sql/reduce_edges.sql` reads it; empty when it names none.

    What JavaScript takes for false names nobody.
    """
    value = value_of(event.properties).get("$anon_distinct_id" if event.event == "$identify" else "alias")
    if isinstance(value, dict | list):
        return "[object Object]"
    if not value:
        return ""
    return (text_of(value) or "").replace("\0", "\ufffd")[:_MOST_CHARACTERS]


def packed(lines: Iterable[bytes]) -> bytes:
    """The bytes of an object of these lines."""
    return zstd.compress(b"".join(line + b"\n" for line in lines))


def _arrived(key: str) -> datetime:
    return received_at(key[key.index(PREFIX) :])  # parts of recordings have a word before it


def _uuid_of(line: bytes) -> UUID | None:
    try:
        found = _head(line).uuid
        return UUID(found) if isinstance(found, str) else None
    except (msgspec.DecodeError, ValueError):
        return None


def _hint(words: frozenset[str]) -> re.Pattern[bytes] | None:
    """What a line that names one of them holds in any case, so that others need not be parsed; None: it can't be told.

    An id may have been sent as a number, cut, or escaped: only plain texts are sure to stand there as they are, or
    behind an escape.
    """
    if not all(map(_is_plain, words)):
        return None
    sure = [re.escape(word.encode()) for word in sorted(words)]
    return re.compile(b"|".join([*sure, rb"\\u", rb"\\/", re.escape(SENTINEL.encode())]))


def _is_plain(word: str) -> bool:
    if len(word) >= _MOST_CHARACTERS or not re.fullmatch(r'[^"\\\x00-\x1f\ufffd]+', word):
        return False
    try:
        json.loads(word)
    except ValueError:
        return not word.startswith(("[", "{"))
    return False


def _texts_in(text: str) -> Iterable[str]:
    """Every string that stands in a JSON text, however it is escaped; also in one that is its `event`."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return
    waiting: list[Any] = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one[:_MOST_CHARACTERS]
        elif isinstance(one, dict):
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            waiting += one
