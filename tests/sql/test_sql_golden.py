"""The printed SQL, word for word. `UPDATE_GOLDEN=1 pytest tests/sql` writes the files anew: read the difference."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from golden_cases import in_lines, read_cases, shown, write_cases
from two_teams import TEAM

from analytics_pipelines.sql.compiler import compile_select

FILES = sorted((Path(__file__).parent / "golden").glob("*.sql"))
SCOPE = replace(TEAM.scope(), team_id=7)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_sql_is_printed_as_agreed(path: Path) -> None:
    cases = read_cases(path)
    printed = []
    for case in cases:
        compiled = compile_select(case.asked, SCOPE)
        printed.append(replace(case, sql=in_lines(compiled.sql), parameters=shown(compiled.parameters)))
    if os.environ.get("UPDATE_GOLDEN"):
        write_cases(path, printed)
    assert printed == cases


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_text_shown_to_people_asks_the_same_again(path: Path) -> None:
    for case in read_cases(path):
        first = compile_select(case.asked, SCOPE)
        again = compile_select(first.hogql, SCOPE)
        assert again.hogql == first.hogql
        assert again.limit == first.limit
