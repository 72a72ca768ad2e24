"""LIMIT of the outermost query, and what the person is told about it."""

import pytest

from analytics_pipelines.sql.compiler import Scope, compile_select


@pytest.mark.parametrize(
    ("text", "limit", "applied"),
    [
        ("SELECT event FROM events", 100, True),
        ("SELECT event FROM events LIMIT 10", 10, False),
        ("SELECT event FROM events LIMIT 0", 0, False),
        ("SELECT event FROM events LIMIT 50000", 50_000, False),
        ("SELECT event FROM events LIMIT 50001", 50_000, True),
        ("SELECT * FROM (SELECT event FROM events LIMIT 3)", 100, True),
        ("SELECT 1 UNION ALL SELECT 2", 100, True),
        ("SELECT 1 UNION ALL SELECT 2 LIMIT 1", 1, False),
        ("(SELECT 1 LIMIT 1) UNION ALL (SELECT 2 LIMIT 1)", 100, True),
        ("SELECT event FROM events LIMIT 5, 10", 10, False),
    ],
)
def test_the_limit_and_whether_it_is_ours(text: str, limit: int, applied: bool) -> None:
    compiled = compile_select(text, Scope(team_id=1))
    assert (compiled.limit, compiled.limit_applied) == (limit, applied)
    assert f" LIMIT {limit}" in compiled.sql


def test_a_scope_sets_its_own_limits() -> None:
    scope = Scope(team_id=1, default_limit=5, max_limit=7)
    assert compile_select("SELECT 1", scope).limit == 5
    assert compile_select("SELECT 1 LIMIT 9", scope).limit == 7


@pytest.mark.parametrize(
    "wrong",
    [{"team_id": "1"}, {"team_id": True}, {"timezone": "Mars/Olympus"}, {"week_start_day": 2}, {"default_limit": 0}],
)
def test_an_impossible_scope_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Scope(**{"team_id": 1, **wrong})  # type: ignore[arg-type]
