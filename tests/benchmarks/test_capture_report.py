"""The page of `make bench-capture`, and what is read from wrk."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.capture_payloads import payloads
from benchmarks.capture_report import TITLES, Measured, Rates, goals, page, rates
from benchmarks.wrk import Load, parsed, script

PRINTED = """\
Running 1s test @ http://127.0.0.1:8000/e/
  1 threads and 64 connections
Requests/sec:   9000.00
SUMMARY {"requests": 9000, "seconds": 1.000000, "p50_ms": 7.100, "p99_ms": 30.500, "refused": 2, "broken": 1}
"""
GOOD = Rates(9000, 9000, 100, 7, 30, 0, 8000, 10_000)


def measured(others: str = "0.1", **more: Rates) -> Measured:
    batches = {"b50gz": replace(GOOD, events=130_000), "b100": replace(GOOD, events=160_000)}
    served = {name: {"single": GOOD, **batches} for name in TITLES}
    served["straightforward"] = {name: replace(one, requests=2000) for name, one in served["capture"].items()}
    served["capture"] |= more
    return Measured(
        about={**dict.fromkeys(_NAMED, "?"), "others": others},
        payloads={"single": "one", "b50gz": "fifty", "b100": "a hundred"},
        served=served,
        parse_us={"single": 7.5},
        growth={8: replace(GOOD, p99_ms=2), 256: replace(GOOD, p99_ms=90)},
        commits={"1 event": {"alone": 1000.0, "grouped": 7000.0}},
        start={"livez": 0.5, "event": 0.6},
    )


_NAMED = (
    *("command", "day", "machine", "python", "granian", "workers", "connections", "rounds", "seconds"),
    *("event_bytes", "commits_at_once", "starts"),
)


def test_the_summary_of_wrk_is_read() -> None:
    load = parsed(PRINTED)
    assert load == Load(9000, 1.0, 7.1, 30.5, 2, 1)
    assert load.errors == 3


def test_output_without_a_summary_is_not_taken_for_one() -> None:
    with pytest.raises(ValueError, match="no summary"):
        parsed("unable to connect")


def test_the_script_of_wrk_quotes_what_it_is_given() -> None:
    text = script({"User-Agent": 'a "b" \\'}, Path("body"))
    assert 'wrk.headers["User-Agent"] = "a \\"b\\" \\\\"' in text
    assert "{{" not in text


def test_rates_are_medians_over_rounds_and_all_errors() -> None:
    loads = [Load(100 * number, 1, number, 10 * number, 0, 1) for number in (3, 1, 2)]
    assert rates(loads, [0.3, 0.1, 0.2], 50) == Rates(200, 10_000, pytest.approx(20), 2, 20, 3, 100, 300)


def test_a_goal_that_is_missed_is_said_to_be() -> None:
    reached = {goal.wish: goal.reached for goal in goals(measured())}
    assert not reached.pop("p99 flat from 8 to 256 connections (highest within twice the lowest)")
    assert all(reached.values())
    slow = {goal.wish: goal for goal in goals(measured(single=replace(GOOD, p99_ms=51)))}
    assert not slow["`single`: 8,000 requests/s, p99 within 50 ms"].reached
    assert slow["`single`: 8,000 requests/s, p99 within 50 ms"].found == "9,000/s, 51 ms"


def test_errors_are_no_way_to_reach_a_goal() -> None:
    assert not goals(measured(single=replace(GOOD, errors=1)))[0].reached


def test_the_page_shows_every_contender_with_every_payload_and_what_was_missed() -> None:
    text = page(measured())
    for title in TITLES.values():
        assert text.count(f"| {title} |") == 3
    assert "**not reached**" in text
    assert max(map(len, text.splitlines())) < 200


def test_payloads_hold_as_many_events_as_they_say_each_with_a_uuid_of_its_own() -> None:
    plain = [each for each in payloads("phc_" + "a" * 43) if not each.packed]
    assert [each.events for each in plain] == [1, 100]
    for each in plain:
        uuids = [line.split(b'"uuid":"', 1)[1][:36] for line in each.rows.splitlines()]
        assert len(set(uuids)) == each.events
        assert 1200 < len(each.rows) / each.events < 1320
    assert payloads("phc_" + "a" * 43) == payloads("phc_" + "a" * 43)


def test_a_run_beside_other_work_says_so() -> None:
    assert "too low" in page(measured(others="0.8"))
    assert "too low" not in page(measured())


def test_a_bad_p99_with_few_connections_makes_no_flat_line() -> None:
    growth = {8: replace(GOOD, p99_ms=140), 64: replace(GOOD, p99_ms=45), 256: replace(GOOD, p99_ms=200)}
    flat = next(goal for goal in goals(replace(measured(), growth=growth)) if goal.wish.startswith("p99 flat"))
    assert (flat.found, flat.reached) == ("4.4 times", False)
