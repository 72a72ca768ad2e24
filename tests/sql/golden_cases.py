"""Golden files of SQL: a line `-- title`, what was asked, and after `-- sql` and `-- parameters` what came of it."""

import json
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Case:
    title: str
    asked: str
    sql: str
    parameters: str

    def text(self) -> str:
        return f"-- {self.title}\n{self.asked}\n-- sql\n{self.sql}\n-- parameters\n{self.parameters}\n"


_CASE = re.compile(r"-- (.+)\n((?:.|\n)+?)\n-- sql\n((?:.|\n)*?)\n?-- parameters\n(.*)\n?")


def read_cases(path: Path) -> list[Case]:
    parts = re.split(r"\n{2,}(?=-- )", path.read_text().strip())
    found = []
    for part in parts:
        match = _CASE.fullmatch(part + "\n") or _CASE.fullmatch(part)
        assert match, f"{path.name}: {part[:80]}"
        found.append(Case(*match.groups()))
    return found


def write_cases(path: Path, cases: list[Case]) -> None:
    path.write_text("\n".join(case.text() for case in cases))


def shown(parameters: dict[str, object]) -> str:
    return json.dumps(parameters, ensure_ascii=False)


_CLAUSES = re.compile(r" (?=(?:FROM|WHERE|GROUP BY|HAVING|ORDER BY|LIMIT|LEFT JOIN|INNER JOIN|UNION ALL) )")


def in_lines(sql: str) -> str:
    """Clauses on lines of their own, so that a difference can be read."""
    return _CLAUSES.sub("\n", sql).replace("\nFROM events\nWHERE team_id", " FROM events WHERE team_id")
