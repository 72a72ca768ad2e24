"""The page of `make bench-ingest`, and what it is made from."""

from dataclasses import replace

import pytest

from benchmarks.ingest_report import (
    EVERYTHING,
    LOAD,
    NAIVE,
    PARSE,
    TITLES,
    Measured,
    Rates,
    Run,
    Step,
    goals,
    page,
    rates,
)

GOOD = Rates(100_000, 150, 15, 90_000, 110_000, {"load": 10.0})
_NAMED = (
    *("command", "day", "machine", "python", "clickhouse", "rounds", "events", "bounded"),
    *("question_events", "line_bytes", "object_bytes", "object_events"),
)


def measured(others: str = "0.1", **more: float) -> Measured:
    """Ways by name with these rows a second, where they are not what is wished for."""
    rows = {PARSE: 200_000, LOAD: 100_000, EVERYTHING: 80_000, NAIVE: 20_000} | more
    ways = {name: replace(GOOD, rows=rows[name]) for name in TITLES}
    ways[EVERYTHING] = replace(ways[EVERYTHING], parts_us={"persons": 2.0, "load": 10.0, "sessions": 0.5})
    return Measured(
        about={**dict.fromkeys(_NAMED, "?"), "others": others},
        ways=ways,
        growth=[Step(1_000_000, 10.0, 15.0), Step(20_000_000, 11.0, 16.0)],
        questions={
            0: {"people by day": {"before": 100.0, "after": 100.0}},
            10: {"people by day": {"before": 120.0, "after": 101.0}},
        },
        squash_seconds=3.25,
    )


def test_rates_are_medians_over_rounds() -> None:
    runs = [Run(1000, 2_000_000, {"load": second, "persons": second}, 3.0) for second in (0.5, 1.0, 0.25)]
    found = rates(runs)
    assert (found.rows, found.slowest, found.fastest) == (1000, 500, 2000)
    assert (found.megabytes, found.cpu_us) == (2.0, 3000)
    assert found.parts_us == {"load": 500, "persons": 500}


def test_a_part_that_one_round_lacked_took_no_time_there() -> None:
    runs = [Run(1000, 1, {"load": 1.0}, 1.0), Run(1000, 1, {"load": 1.0, "persons": 1.0}, 1.0)]
    assert rates(runs).parts_us["persons"] == 500


def test_goals_are_reached_by_what_was_wished_for() -> None:
    assert all(goal.reached for goal in goals(measured()))


@pytest.mark.parametrize(
    ("way", "rows", "missed"),
    [(PARSE, 230_000, "45 %"), (NAIVE, 29_000, "3.5 times"), (EVERYTHING, 70_000, "40 %")],
)
def test_a_goal_that_is_missed_is_said_to_be(way: str, rows: float, missed: str) -> None:
    (goal,) = [goal for goal in goals(measured(**{way: rows})) if not goal.reached]
    assert missed in goal.wish


def test_a_row_that_grows_cheaper_is_not_flat_either() -> None:
    cheaper = replace(measured(), growth=[Step(1, 10.0, 1.0), Step(2, 8.0, 1.0)])
    assert [goal.found for goal in goals(cheaper) if not goal.reached] == ["± 20%"]


def test_the_worst_question_decides() -> None:
    slow = measured()
    slow.questions[0]["funnel"] = {"before": 10.0, "after": 10.0}
    slow.questions[10]["funnel"] = {"before": 14.0, "after": 12.0}
    assert [goal.found for goal in goals(slow) if not goal.reached] == ["1.40 times", "1.20 times"]


def test_the_page_shows_every_way_part_step_and_question_and_what_was_missed() -> None:
    text = page(measured(naive=50_000.0))
    for title in TITLES.values():
        assert title in text
    for cell in (
        "| persons | 2.00 | 20% |",
        "| 20,000,000 | 11.0 |",
        "| people by day | 100 | 100 | 120 | 101 |",
        "which took 3.2 s",
    ):
        assert cell in text
    assert "**not reached**" in text


def test_a_busy_machine_is_named() -> None:
    assert "figures are too low" not in page(measured())
    assert "figures are too low" in page(measured(others="0.9"))
