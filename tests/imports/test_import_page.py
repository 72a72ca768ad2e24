"""docs/import.md: its examples do what it says."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.engines

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text()


def block(kind: str, at: int = 0) -> str:
    return re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[at]


@pytest.fixture
def orders(stack: Any) -> Any:
    """The page's file, in the current folder."""
    Path("orders.csv").write_text(block("csv"))
    Path("mapping.toml").write_text(block("toml"))
    return stack


def arguments(command: str) -> list[str]:
    words = shlex.split(command)
    assert words[:2] == ["analytics", "import"]
    return words[2:]


def test_the_options_make_the_event_that_is_shown(orders: Any) -> None:
    orders.imported(*arguments(block("bash", 2)))
    assert orders.lines()[0]["event"] == json.loads(block("json", 1))


def test_the_mapping_file_says_the_same(orders: Any) -> None:
    orders.imported(*arguments(block("bash", 2)))
    orders.imported("orders.csv", "--mapping", "mapping.toml")
    orders.drain()
    assert orders.count() == 2


def test_the_first_commands_do_what_they_say(orders: Any) -> None:
    dry, real, flush = block("bash").splitlines()
    assert orders.run(*arguments(dry)).stdout.count('"event":"purchase"') == 2
    assert orders.imported(*arguments(real))["events"] == 2
    assert flush == "analytics flush"


def test_the_event_that_is_shown_is_one(stack: Any) -> None:
    Path("events.jsonl").write_text(block("json"))
    assert stack.imported("events.jsonl")["events"] == 1
    assert stack.lines()[0]["event"] == json.loads(block("json"))
