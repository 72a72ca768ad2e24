"""One log of everything that is supervised: prefixed lines in a file that rotates."""

import logging
import re
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path

_FILE_BYTES = 10 * 1024 * 1024
_FILES = 5
_TAIL_LINES = 50
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Logbook:
    """Lines of services, each under its name; the last ones are kept at hand to explain a death."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        self._handler = RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_FILES - 1, encoding="utf-8")
        self._parts: dict[str, bytes] = {}
        self._tails: dict[str, list[str]] = {}

    def feed(self, service: str, data: bytes) -> None:
        """Take raw output; whole lines are written, a begun one waits for its end."""
        *lines, rest = (self._parts.get(service, b"") + data).split(b"\n")
        self._parts[service] = rest[-65536:]
        for line in lines:
            self.write(service, line.decode(errors="replace").rstrip())

    def write(self, service: str, text: str) -> None:
        """Write one line."""
        text = _COLOURS.sub("", text)
        tail = self._tails.setdefault(service, [])
        tail.append(text)
        del tail[:-_TAIL_LINES]
        moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        line = f"{moment} [{service}] {text}"
        self._handler.handle(logging.LogRecord(service, logging.INFO, "", 0, line, None, None))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()

    def last_words(self, service: str) -> str:
        """The last line that says something."""
        said = [line for line in self._tails.get(service, []) if line.strip()]
        return said[-1].strip()[:300] if said else "it said nothing"
