"""What became of the rows of a file. Pure."""

from dataclasses import asdict, dataclass


@dataclass
class Tally:
    """Of a whole file: rows = events + bad_rows + duplicate_rows + dropped.

    `duplicate_rows` are those that were collapsed, `dropped` those that the project's rules leave out. Of the events
    `undated` had no time, and happened when they were imported.
    """

    rows: int = 0
    events: int = 0
    bad_rows: int = 0
    duplicate_rows: int = 0
    dropped: int = 0
    undated: int = 0

    def public(self) -> dict[str, int]:
        """As programs are shown it."""
        return asdict(self)
