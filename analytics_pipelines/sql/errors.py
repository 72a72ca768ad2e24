"""The one error that a person's query can cause."""

from __future__ import annotations


class QueryError(Exception):
    """A query that we refuse, with the reason in words for the person who wrote it.

    `start` and `end` are 0-based character offsets into the text (`end` excluded), or None where
    the fault has no place in the text, as in a question that came as JSON.
    """

    def __init__(self, message: str, start: int | None = None, end: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
