"""CSV and its kin: what is in each row, on which line it begins, and what a broken row costs."""

import csv
import gzip
from pathlib import Path
from typing import Any

import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.imports import delimited
from analytics_pipelines.imports.bad_rows import BadRow
from analytics_pipelines.imports.delimited import Delimited
from analytics_pipelines.imports.source import Broken, Source
from analytics_pipelines.problems import Problem


def rows(path: Path, data: bytes | str, **how: Any) -> list[tuple[int, Any]]:
    """Number and values of each row, or the reason why it is none."""
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    reader = Delimited(Source.of(path, "csv"), **how)
    return [(number, row.reason if isinstance(row, BadRow) else list(row.values())) for number, row in reader.rows()]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.csv"


def test_rows_have_the_names_of_the_header_and_the_line_they_begin_on(path: Path) -> None:
    path.write_text('a, b ,\n1,2,3\n\n"x\ny","say ""hi""",\r\n4,5,6')
    reader = Delimited(Source.of(path, None))
    assert reader.columns() == ["a", "b", "column_3"]
    assert list(reader.rows()) == [
        (2, {"a": "1", "b": "2", "column_3": "3"}),
        (4, {"a": "x\ny", "b": 'say "hi"', "column_3": ""}),
        (6, {"a": "4", "b": "5", "column_3": "6"}),
    ]


@pytest.mark.parametrize(
    ("delimiter", "text"),
    [
        (";", "a;b\n1,5;2\n"),
        ("tab", "a\tb\n1,5\t2\n"),
        ("\\t", "a\tb\n1,5\t2\n"),
        ("|", "a|b\n1,5|2\n"),
        ("whitespace", " a  b\r\n 1,5 \t 2\r\n\r\n"),
        ("space", "a b\n1,5 2\n"),
    ],
)
def test_delimiters(path: Path, delimiter: str, text: str) -> None:
    assert rows(path, text, delimiter=delimiter) == [(2, ["1,5", "2"])]


def test_a_name_that_ends_with_tsv_means_tabs(tmp_path: Path) -> None:
    assert rows(tmp_path / "a.tsv", "a\tb\n1\t2\n") == [(2, ["1", "2"])]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('a,b\n1,"x\n2,y\n', [(2, "broken_quoting"), (3, ["2", "y"])]),
        ('a,b\n1,"x\n2,"y"\n3,z\n', [(2, "broken_quoting"), (3, ["2", "y"]), (4, ["3", "z"])]),
        ('a,b\n1,"x"y\n2,z\n', [(2, "broken_quoting"), (3, ["2", "z"])]),
        ('a,b\n1,"x\n2,y\n3,z"\n4,w\n', [(2, ["1", "x\n2,y\n3,z"]), (5, ["4", "w"])]),
        ('a,b\n"1,x\n2,"\n3,z\n', [(2, "wrong_number_of_cells"), (3, "broken_quoting"), (4, ["3", "z"])]),
        ("a,b\n1\n2,3,4\n5,6\n", [(2, "wrong_number_of_cells"), (3, "wrong_number_of_cells"), (4, ["5", "6"])]),
        ('a,b\n1,5" disk\n2,x\n', [(2, ["1", '5" disk']), (3, ["2", "x"])]),
    ],
)
def test_a_broken_row_costs_its_line_only(path: Path, text: str, found: list[Any]) -> None:
    assert rows(path, text) == found


def test_a_quote_that_is_never_closed_costs_one_line_of_a_long_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "_MOST_LINES", 10)
    text = 'a,b\n0,"x\n' + "".join(f"{number},y\n" for number in range(1, 1000))
    found = rows(path, text)
    assert found[0] == (2, "broken_quoting")
    assert found[1:] == [(number + 2, [str(number), "y"]) for number in range(1, 1000)]


def test_a_cell_that_is_larger_than_an_event_may_be_is_a_bad_row(path: Path) -> None:
    assert rows(path, "a,b\n1," + "x" * (9 << 20) + "\n2,y\n") == [(2, "broken_quoting"), (3, ["2", "y"])]


def test_bytes_that_are_no_text_are_left_to_the_row_that_they_are_in(path: Path) -> None:
    assert rows(path, b"a,b\n1,caf\xe9\n2,x\n") == [(2, ["1", "caf\udce9"]), (3, ["2", "x"])]
    assert rows(path, b"a,b\n1,caf\xe9\n", encoding="latin-1") == [(2, ["1", "café"])]
    assert rows(path, "a,b\n1,café\n".encode("utf-16"), encoding="utf-16") == [(2, ["1", "café"])]
    assert rows(path, "a,b\n1,2\n".encode("utf-8-sig")) == [(2, ["1", "2"])]


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_packed_files_are_unpacked(tmp_path: Path, pack: Any) -> None:
    text = "a,b\n" + "1,2\n" * 10_000
    for name in ("a.csv.gz", "a.csv.zst", "a.csv"):  # by what is in it, whatever its name says
        assert len(rows(tmp_path / name, pack(text.encode()))) == 10_000


@pytest.mark.parametrize("pack", [gzip.compress, zstd.compress])
def test_a_packed_file_that_breaks_off_is_told_behind_its_last_row(tmp_path: Path, pack: Any) -> None:
    path = tmp_path / "a.csv.gz"
    text = "a,b\n" + "".join(f"{number},{hash(number * 7919)}\n" for number in range(300_000))
    path.write_bytes(pack(text.encode())[:-1000])
    reader = Delimited(Source.of(path, None)).rows()
    assert next(reader)[0] == 2
    with pytest.raises(Broken):
        for _ in reader:
            pass


@pytest.mark.parametrize(
    ("data", "how", "parts"),
    [
        (b"\n\n", {}, ("empty",)),
        (b"a,b\n", {}, ("header", "no rows")),
        (b"a,b", {}, ("header", "no rows")),
        (b"a,b,a\n1,2,3\n", {}, ("'a'", "twice")),
        (b'a,"b\n1,2\n', {}, ("header", "line 1")),
        (b"caf\xe9,b\n1,2\n", {}, ("not UTF-8", "--encoding")),
        ("a,b\n1,2\n".encode("utf-16"), {}, ("--encoding utf-16",)),
        (b"a,b\n1,2\n", {"delimiter": "::"}, ("'::'", "whitespace")),
        (b"a,b\n1,2\n", {"delimiter": '"'}, ("delimiter",)),
        (b"a,b\n1,2\n", {"encoding": "klingon"}, ("'klingon'", "latin-1")),
        (b"a,b\n1,2\n", {"encoding": "zlib"}, ("'zlib'", "latin-1")),
    ],
)
def test_a_file_that_is_none_is_told(path: Path, data: bytes, how: Any, parts: tuple[str, ...]) -> None:
    with pytest.raises(Problem) as caught:
        rows(path, data, **how)
    assert all(part in str(caught.value) for part in parts), str(caught.value)


def test_how_far_reading_is_can_be_told(path: Path) -> None:
    path.write_text("a,b\n" + "1,2\n" * 1_000_000)
    source = Source.of(path, None)
    reader = Delimited(source).rows()
    assert source.read_bytes == 0
    next(reader)
    assert 0 < source.read_bytes < source.size
    assert sum(1 for _ in reader) == 999_999
    assert source.read_bytes == source.size


def test_python_reads_the_same(path: Path) -> None:
    values = [["1", 'a "quoted" one'], ["2", "two\nlines"], ["3", "a,comma"], ["4", ""], ["5", " blanks "]]
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([["a", "b"], *values])
    assert [row for _, row in rows(path, path.read_bytes())] == values
