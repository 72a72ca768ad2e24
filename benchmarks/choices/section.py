"""A part of docs/storage-choices.md: what was asked, and one table of figures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

Cell = str | float


@dataclass(frozen=True)
class Section:
    """`said` stands above the table; numbers in `rows` are shown with three digits that mean something."""

    title: str
    said: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def shown(cell: Cell) -> str:
    """
    >>> shown(1234567), shown(12.345), shown(0.01234), shown("as stored")
    ('1,234,567', '12.3', '0.0123', 'as stored')
    """
    if isinstance(cell, str):
        return cell
    if cell >= 100 or cell == int(cell):
        return f"{cell:,.0f}"
    return f"{cell:.3g}"


def markdown(section: Section) -> str:
    """A heading, the text and the table."""
    lines = [
        f"## {section.title}",
        "",
        section.said.strip(),
        "",
        "| " + " | ".join(section.header) + " |",
        "|" + "---|" * len(section.header),
        *("| " + " | ".join(map(shown, row)) + " |" for row in section.rows),
    ]
    return "\n".join(lines) + "\n"
