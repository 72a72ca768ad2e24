"""Values of people travel as parameters, whatever they hold."""

from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.sql.compiler import Scope, compile_select

SCOPE = Scope(team_id=1)


def quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_arrives_as_it_was_written(value: str) -> None:
    compiled = compile_select(f"SELECT {quoted(value)} AS x", SCOPE)
    assert compiled.sql == "SELECT {p0:String} AS `x` LIMIT 100"
    assert compiled.parameters == {"team_id": 1, "p0": value}


@given(st.integers(-(2**200), 2**200))
def test_whole_numbers_arrive_as_they_were_written(value: int) -> None:
    assert compile_select(f"SELECT {value} AS x", SCOPE).parameters["p0"] == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_fractions_arrive_as_they_were_written(value: float) -> None:
    assert float(str(compile_select(f"SELECT {value!r} AS x", SCOPE).parameters["p0"])) == value


def test_the_team_is_no_parameter_that_a_query_can_name() -> None:
    compiled = compile_select("SELECT 2 AS p, 'team_id' FROM events WHERE event = 'p0'", SCOPE)
    assert compiled.parameters["team_id"] == 1
    assert set(compiled.parameters) == {"team_id", "p0", "p1", "p2"}
