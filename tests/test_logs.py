"""What a service process logs."""

import json
import logging
from collections.abc import Iterator

import pytest

from analytics_pipelines.logs import configure_logs
from analytics_pipelines.settings import load_settings


@pytest.fixture(autouse=True)
def _root_logger_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    yield
    root.handlers, root.level = handlers, level


def test_elsewhere_than_on_a_terminal_a_message_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings())
    logging.getLogger("web").warning("an id with a line\nbreak and a \x1b[31mcolour")
    (line,) = capsys.readouterr().err.splitlines()
    written = json.loads(line)
    assert written["event"] == "an id with a line\nbreak and a \x1b[31mcolour"
    assert (written["level"], written["logger"]) == ("warning", "web")


def test_an_exception_is_in_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings())
    try:
        raise ValueError("why")
    except ValueError:
        logging.getLogger("web").exception("failed")
    assert "ValueError: why" in json.loads(capsys.readouterr().err)["exception"]


def test_text_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings(log_format="text"))
    logging.getLogger("web").warning("hello")
    assert capsys.readouterr().err.rstrip().endswith("WARNING hello")


def test_what_is_below_the_level_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(load_settings(log_level="error"))
    logging.getLogger("web").warning("hello")
    assert capsys.readouterr().err == ""
