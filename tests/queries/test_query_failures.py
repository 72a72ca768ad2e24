"""What people are told of an engine's refusal."""

import pytest

from analytics_pipelines.queries.failure import QueryFailed


@pytest.mark.parametrize(
    ("code", "told"),
    [
        (158, "too_much_to_read"),
        (159, "too_slow"),
        (160, "too_slow"),
        (241, "too_much_memory"),
        (307, "too_much_to_read"),
        (396, "too_many_rows"),
        (497, "not_allowed"),
        (164, "not_allowed"),
    ],
)
def test_limits_are_told_in_our_words(code: int, told: str) -> None:
    failed = QueryFailed.from_engine(code, "reader: secret details of the server")
    assert (failed.status, failed.code) == (400, told)
    assert "secret" not in failed.detail


@pytest.mark.parametrize("code", [60, 81, 202, 210, 243, 516])
def test_the_platforms_own_trouble_is_not_the_askers(code: int) -> None:
    failed = QueryFailed.from_engine(code, "reader: Authentication failed")
    assert (failed.status, failed.code) == (503, "engine_unavailable")
    assert "reader" not in failed.detail


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Division by zero", "Division by zero"),
        ("Division by zero: while executing 'FUNCTION intDiv(__table1.a :: 0)'", "Division by zero"),
        ("Bad value: While processing {p0:String} in __table1.event", "Bad value"),
        ("Cannot open /var/lib/clickhouse/data/x.bin", "Cannot open …"),
        ("No column __table1.event", "No column …event"),
        ("", "ClickHouse refused the question."),
        ("x" * 10_000, "x" * 500),
    ],
)
def test_other_refusals_are_told_without_the_engines_insides(said: str, told: str) -> None:
    failed = QueryFailed.from_engine(53, said)
    assert (failed.status, failed.code, failed.detail) == (400, "query_failed", told)
