"""Rows of a file that can't become an event. Pure."""


class BadRow(Exception):
    """Why a row is no event: `reason` is one word for programs, the text a sentence for people.

    The row is reported and left out; the others go on.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
