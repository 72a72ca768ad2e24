"""Why a question has no answer, in words for the person who asked."""

from __future__ import annotations

import re
from typing import Any

from analytics_pipelines.sql.engine_errors import explained

_CODES = {
    158: ("too_much_to_read", "The question reads too many rows; narrow its dates or filters."),
    159: ("too_slow", "The question took longer than is allowed; narrow its dates or filters."),
    160: ("too_slow", "The question would take longer than is allowed; narrow its dates or filters."),
    241: ("too_much_memory", "The question needs more memory than is allowed; narrow its dates or filters."),
    164: ("not_allowed", "ClickHouse does not let questions do that."),
    497: ("not_allowed", "ClickHouse does not let questions do that."),
    307: ("too_much_to_read", "The question reads too many bytes; narrow its dates or filters."),
    394: ("cancelled", "The question was cancelled."),
    396: ("too_many_rows", "The answer has too many rows; add a LIMIT."),
}
# The platform's own trouble, not the asker's: network, disk, too many queries, missing tables, a wrong password.
_OURS = {60, 81, 173, 202, 209, 210, 236, 242, 243, 279, 425, 516, 999}
_WHERE = re.compile(r":\s+[Ww]hile ")
_INSIDES = re.compile(r"(?:/[\w.-]+){2,}|\b__table\d+\.|\{\w+:\w+\}")


class QueryFailed(Exception):
    """`status` is the HTTP status, `code` is for programs, `detail` for people.

    `start` and `end` are offsets of characters in the asker's text; `attr` is the field of the request that is wrong.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        attr: str | None = "query",
        start: int | None = None,
        end: int | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.attr = attr
        self.start = start
        self.end = end

    def as_json(self) -> dict[str, Any]:
        """What makes it again: `QueryFailed(**failure.as_json())`."""
        return {name: getattr(self, name) for name in ("status", "code", "detail", "attr", "start", "end")}

    @classmethod
    def from_engine(cls, code: int, message: str, text: str | None = None) -> QueryFailed:
        """An engine's refusal: the asker's doing, told without the engine's insides; at its place in `text`, if that is
        what the asker wrote."""
        if code in _CODES:
            return cls(400, *_CODES[code])
        if code in _OURS:
            return cls(503, "engine_unavailable", "ClickHouse can't answer now; try again soon.")
        if text is not None:
            told = explained(code, message, text)
            return cls(400, "query_failed", told.message, start=told.start, end=told.end)
        said = _INSIDES.sub("…", _WHERE.split(message, maxsplit=1)[0]).strip()
        return cls(400, "query_failed", said[:500] or "ClickHouse refused the question.")
