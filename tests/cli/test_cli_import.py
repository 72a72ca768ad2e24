"""`analytics import`: what it prints, how it ends, and what it says of a file or a mapping that can't be."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

OPTIONS = ("--event=buy", "--distinct-id-column=user", "--timestamp-column=at")
CSV = "user,at,amount\nada,2024-01-31,12.50\nbob,2024-02-01,7\n"
EVENT = '{"event":"page","distinct_id":"ada","timestamp":"2024-01-31T10:20:30Z","properties":{}}\n'


def told(found: Any, *parts: str, code: int = 1) -> None:
    """One line for the cause, one for the mend, and no traceback."""
    lines = found.stderr.strip().splitlines()
    assert found.exit_code == code, found.output
    assert found.stdout == ""
    assert len(lines) == 2, found.stderr
    assert lines[0].startswith("✗ ")
    assert "Traceback" not in found.output
    assert all(part in found.stderr for part in parts), found.stderr


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    def write(text: str | bytes = CSV, name: str = "orders.csv") -> str:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return write


@pytest.mark.parametrize(
    ("name", "data", "parts"),
    [
        ("a.csv", b"", ("is empty",)),
        ("a.csv", b"user,at\n", ("header and no rows",)),
        ("a.jsonl", b"\n \n", ("has no rows",)),
        ("a.txt", b"user,at\n", ("'a.txt'", "--format jsonl|csv|parquet")),
        ("a.parquet", b"user,at\n", ("no Parquet file", "--format csv")),
        ("a.csv", b"PAR1....", ("is a Parquet file", "--format parquet")),
        ("a.csv", b"PK\x03\x04...", ("zip", "Unpack")),
        ("a.parquet.gz", b"\x1f\x8b\x08\x00", ("gzip", "Unpack")),
        ("a.csv.gz", b"\x1f\x8b\x08\x00", ("damaged",)),
        ("a.json", b"[{}]", ("one list", "jq -c")),
    ],
)
@pytest.mark.engines
def test_a_file_that_can_not_be_imported(
    analytics: Any, running: Any, file: Any, name: str, data: bytes, parts: tuple[str, ...]
) -> None:
    options = OPTIONS if "csv" in name else ()
    told(analytics("import", file(data, name), *options), *parts)


def test_there_is_no_such_file(analytics: Any, file: Any, tmp_path: Path) -> None:
    file()
    told(analytics("import", str(tmp_path / "order.csv")), "no file", "Did you mean", "orders.csv")
    told(analytics("import", str(tmp_path / "zzz" / "x.csv")), "no file", "Check the path")
    told(analytics("import", str(tmp_path)), "is a folder")


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (("--event=buy", "--distinct-id-column=usr", "--timestamp-column=at"), ("'usr'", "Did you mean 'user'?")),
        ((*OPTIONS, "--property=total"), ("'total'", "user, at, amount")),
        ((*OPTIONS, "--set=city=home"), ("'city'",)),
        ((*OPTIONS, "--set", "=home"), ("--set",)),
        (("--distinct-id-column=user", "--timestamp-column=at"), ("--event NAME", "user, at, amount")),
        (("--event=buy", "--timestamp-column=at"), ("--distinct-id-column",)),
        (("--event=buy", "--distinct-id-column=user"), ("--timestamp-column",)),
        ((*OPTIONS, "--event-column=at"), ("--event", "not both")),
        ((*OPTIONS, "--timezone=Berlin"), ("'Berlin'", "Europe/Berlin")),
        ((*OPTIONS, "--timestamp-format=dmy"), ("'dmy'", "unix_ms")),
        ((*OPTIONS, "--delimiter=::"), ("'::'", "whitespace")),
        ((*OPTIONS, "--encoding=klingon"), ("'klingon'", "latin-1")),
        ((*OPTIONS, "--delimiter=;"), ("no column", "--delimiter")),
        ((*OPTIONS, "--mapping=none.toml"), ("none.toml", "can't be read")),
        ((*OPTIONS, "--bad-rows=none/bad.jsonl"), ("none/bad.jsonl", "can't be written")),
        ((*OPTIONS, "--project=4711"), ("no project 4711", "`analytics project list`")),
    ],
)
@pytest.mark.engines
def test_options_that_can_not_be(
    analytics: Any, running: Any, file: Any, options: tuple[str, ...], parts: tuple[str, ...]
) -> None:
    told(analytics("import", file(), *options), *parts)


@pytest.mark.engines
def test_a_column_of_times_that_can_not_be_read_names_the_format(analytics: Any, running: Any, file: Any) -> None:
    path = file("user,at\n" + "ada,31/01/2024\nbob,01/02/2024\n" * 2000)
    told(analytics("import", path, *OPTIONS), "'at'", "'31/01/2024'", "line 2", "--timestamp-format '%d/%m/%Y'")
    told(analytics("import", path, *OPTIONS, "--timestamp-format=%m-%d-%Y"), "'31/01/2024'")
    assert analytics("import", path, *OPTIONS, "--timestamp-format=%d/%m/%Y", "--dry-run").exit_code == 0
    told(analytics("import", file("user,at\nada,soon\n"), *OPTIONS), "'soon'", "--timestamp-format")
    assert running.store.objects("raw/v1") == []


@pytest.mark.engines
def test_a_file_without_any_event_is_told(analytics: Any, running: Any, file: Any) -> None:
    told(analytics("import", file("nonsense\nmore\n", "a.jsonl")), "None of the 2 rows", "line 1", "no JSON")
    told(analytics("import", file(CSV, "a.jsonl")), "None of the 3 rows", "--format")


@pytest.mark.engines
def test_the_summary_says_what_became_of_the_rows(analytics: Any, running: Any, file: Any) -> None:
    found = analytics("import", file(), *OPTIONS)
    assert found.exit_code == 0
    assert found.stderr == ""
    assert f"Imported orders.csv into project {running.stack.project} (" in found.stdout
    lines = [line.split() for line in found.stdout.splitlines()]
    assert ["rows", "read", "2"] in lines
    assert ["events", "stored", "2"] in lines
    assert ["bad", "rows", "0"] in lines
    assert "`analytics flush`" in found.stdout
    again = analytics("import", file(), *OPTIONS)
    assert "nothing was added" in again.stdout


@pytest.mark.engines
def test_json_is_for_programs(analytics: Any, running: Any, file: Any) -> None:
    path = file(EVENT + "nonsense\n" + EVENT, "events.jsonl")
    found = analytics("import", path, "--json")
    assert found.stderr == ""
    said = json.loads(found.stdout)
    assert said.pop("seconds") >= 0
    assert said == {
        "project": running.stack.project,
        "file": path,
        "format": "jsonl",
        "rows": 3,
        "events": 2,
        "bad_rows": 1,
        "duplicate_rows": 0,
        "dropped": 0,
        "undated": 0,
        "objects": 1,
        "resumed_at_row": 0,
        "already_imported": False,
        "dry_run": False,
    }


@pytest.mark.engines
def test_bad_rows_are_a_warning_and_an_error_when_strict(analytics: Any, running: Any, file: Any) -> None:
    path = file(EVENT + "nonsense\n" * 30, "some.jsonl")
    found = analytics("import", path)
    assert found.exit_code == 0
    assert "30 of 31 rows" in found.stderr
    assert found.stderr.count("the line is no JSON") == 20
    assert "and 10 more; --bad-rows FILE" in found.stderr
    assert "Imported some.jsonl" in found.stdout
    strict = analytics("import", file(EVENT * 2 + "nonsense\n", "some.jsonl"), "--strict", "--json")
    assert strict.exit_code == 1
    assert json.loads(strict.stdout)["events"] == 2


@pytest.mark.engines
def test_what_stands_in_a_file_can_not_steer_the_terminal(analytics: Any, running: Any, file: Any) -> None:
    path = file(f"{CSV}ada,\x1b[2J\x07,1\n")
    found = analytics("import", path, *OPTIONS)
    assert "\x1b" not in found.output
    assert "\\x1b[2J" in found.stderr
    shown = analytics("import", file(EVENT.replace("page", "\u202epage\u009b2J"), "a.jsonl"), "--dry-run").stdout
    assert "\u009b" not in shown
    assert "\u202e" not in shown


@pytest.mark.engines
def test_imported_events_can_be_queried_after_a_flush(analytics: Any, running: Any, file: Any) -> None:
    made = json.loads(analytics("project", "create", "Orders", "--json").stdout)["id"]
    assert analytics("import", file(), *OPTIONS, "--project", str(made)).exit_code == 0
    assert analytics("flush", "--timeout", "30").exit_code == 0
    found = analytics(
        "sql", "--project", str(made), "--json", "select distinct_id, properties.amount from events order by timestamp"
    )
    assert json.loads(found.stdout)["results"] == [["ada", 12.5], ["bob", 7.0]]


@pytest.mark.engines
def test_progress_is_shown_on_a_terminal_and_nowhere_else(running: Any, program: Any, file: Any) -> None:
    path = file(CSV + "ada,2024-01-31,1\n" * 20_000)
    assert program("import", path, *OPTIONS, "--dry-run").stderr == ""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "analytics_pipelines.cli", "import", path, *OPTIONS, "--dry-run"],
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(ours, 1 << 16)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(ours)
    assert process.wait(30) == 0
    assert b"importing" in shown
    assert b"20,002 rows" in shown
    assert b"/s" in shown


def test_nothing_runs(analytics: Any, file: Any) -> None:
    told(analytics("import", file(), *OPTIONS), "nothing runs on", "`analytics start`")


def test_the_help_says_which_rows_are_the_same_event(analytics: Any) -> None:
    text = " ".join(analytics("import", "--help").stdout.split())
    assert "Importing twice adds nothing" in text
    assert "two equal rows are two events" in text
