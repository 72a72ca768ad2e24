"""Logs of a service process: text for people on a terminal, JSON lines elsewhere.

Written on the standard library alone: capture has to start in a moment, and logging packages import a terminal's worth.
"""

import logging
import sys
from datetime import UTC, datetime

import msgspec

from analytics_pipelines.settings import Settings


class JsonLines(logging.Formatter):
    """One JSON object a line, whatever is in a message. `fields` of a record become the line's own."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class TextLines(logging.Formatter):
    """A line for people; `fields` of a record follow its message."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the library's name
        fields = "".join(f" {name}={value}" for name, value in getattr(record, "fields", {}).items())
        return super().formatMessage(record) + fields


def configure_logs(settings: Settings) -> None:
    """Send what the process logs to its standard error, in the form and from the level that the settings ask for."""
    as_text = settings.log_format == "text" or (settings.log_format == "auto" and sys.stderr.isatty())
    handler = logging.StreamHandler()
    handler.setFormatter(TextLines() if as_text else JsonLines())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it warns of each try while Postgres is away
