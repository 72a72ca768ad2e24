"""The page of `make bench-choices`."""

from benchmarks.choices.section import Section, markdown, shown
from benchmarks.ingest_choices import EVENTS, MEASURES, page


def test_numbers_show_three_digits_that_mean_something() -> None:
    assert [shown(cell) for cell in (1234567.0, 12.345, 0.01234, 61, "1 %")] == [
        "1,234,567",
        "12.3",
        "0.0123",
        "61",
        "1 %",
    ]


def test_a_section_is_a_heading_a_text_and_a_table() -> None:
    text = markdown(Section("Squash", "Two ways.\n", ["way", "ms"], [["mutation", 1.5], ["update", 2000.0]]))
    assert text == "## Squash\n\nTwo ways.\n\n| way | ms |\n|---|---|\n| mutation | 1.5 |\n| update | 2,000 |\n"


def test_the_page_holds_every_section() -> None:
    about = dict.fromkeys(("command", "day", "machine", "rounds", "others"), "?")
    text = page(about, [Section("One", "First.", ["a"], [["1"]]), Section("Two", "Second.", ["a"], [["2"]])])
    assert text.index("## One") < text.index("## Two")


def test_every_measure_says_how_many_events_it_takes() -> None:
    assert MEASURES.keys() == EVENTS.keys()
