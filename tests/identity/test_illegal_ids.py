"""Which distinct ids can't be merged."""

import pytest

from analytics_pipelines.identity.illegal_ids import is_illegal


@pytest.mark.parametrize(
    "distinct_id",
    [
        "anonymous",
        "guest",
        "distinctid",
        "distinct_id",
        "id",
        "not_authenticated",
        "email",
        "undefined",
        "true",
        "false",
    ],
)
def test_placeholders_are_illegal_in_any_case_and_quoted(distinct_id: str) -> None:
    for written in (distinct_id, distinct_id.upper(), distinct_id.title()):
        assert all(is_illegal(each) for each in (written, f"'{written}'", f'"{written}"'))


@pytest.mark.parametrize("distinct_id", ["[object Object]", "NaN", "None", "none", "null", "0"])
def test_printed_nothings_are_illegal_as_written_and_quoted(distinct_id: str) -> None:
    assert all(is_illegal(each) for each in (distinct_id, f"'{distinct_id}'", f'"{distinct_id}"'))


@pytest.mark.parametrize(
    "distinct_id", ["nan", "NONE", "Null", "[object object]", "00", '"guest', "guest'", " guest", "x"]
)
def test_what_only_looks_like_one_is_legal(distinct_id: str) -> None:
    assert not is_illegal(distinct_id)


@pytest.mark.parametrize("distinct_id", ["", " ", "\t\n", "\u00a0\u2003"])
def test_nothing_but_whitespace_is_illegal(distinct_id: str) -> None:
    assert is_illegal(distinct_id)


def test_the_character_zero_is_illegal() -> None:
    assert is_illegal("ada\0")


def test_an_id_has_at_most_400_code_points() -> None:
    assert not is_illegal("😀" * 400)
    assert is_illegal("a" * 401)
