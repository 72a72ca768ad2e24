"""Parquet: values of every kind, a batch at a time."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from analytics_pipelines.imports import parquet as parquet_module
from analytics_pipelines.imports.event_of_row import EventOfRow
from analytics_pipelines.imports.mapping import Mapping
from analytics_pipelines.imports.moments import Moments
from analytics_pipelines.imports.parquet import Parquet
from analytics_pipelines.imports.source import Source
from analytics_pipelines.problems import Problem

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
NANOSECONDS = 1_706_696_430_123_456_789


def write(path: Path, columns: dict[str, Any]) -> Source:
    parquet.write_table(pyarrow.table(columns), path)
    return Source.of(path, None)


def test_values_of_every_kind_become_properties(tmp_path: Path) -> None:
    moment = dt.datetime(2024, 1, 31, 10, 20, 30, 123456, tzinfo=dt.UTC)
    columns = {
        "user": pyarrow.array([7], pyarrow.int32()),
        "at": pyarrow.array([NANOSECONDS], pyarrow.timestamp("ns")),
        "zoned": pyarrow.array([moment], pyarrow.timestamp("us", "Europe/Berlin")),
        "day": pyarrow.array([moment.date()]),
        "time": pyarrow.array([dt.time(1, 2, 3)]),
        "price": pyarrow.array([Decimal("12.50")]),
        "share": pyarrow.array([0.25], pyarrow.float32()),
        "nothing": pyarrow.array([None], pyarrow.float64()),
        "not_a_number": pyarrow.array([float("nan")]),
        "flag": pyarrow.array([True]),
        "bytes": pyarrow.array([b"caf\xc3\xa9"]),
        "digest": pyarrow.array([b"\xff" * 4], pyarrow.binary(4)),
        "color": pyarrow.array(["red"]).dictionary_encode(),
        "tags": pyarrow.array([["a", "b"]]),
        "times": pyarrow.array([[NANOSECONDS]], pyarrow.list_(pyarrow.timestamp("ns"))),
        "address": pyarrow.array([{"city": "Ulm", "raw": b"x"}]),
        "counts": pyarrow.array([[("a", 1)]], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
    }
    reader = Parquet(write(tmp_path / "a.parquet", columns))
    mapping = Mapping(event="buy", distinct_id_column="user", timestamp_column="at").bound(reader.columns())
    ((number, row),) = reader.rows()
    found = json.loads(EventOfRow(mapping, Moments(NOW), infer=False)(row).raw)
    times = found["properties"].pop("times")
    assert len(times) == 1
    assert "2024-01-31" in times[0]
    assert number == 1
    assert found == {
        "event": "buy",
        "distinct_id": "7",
        "timestamp": "2024-01-31T10:20:30.123456+00:00",
        "properties": {
            "zoned": "2024-01-31T11:20:30.123456+01:00",
            "day": "2024-01-31",
            "time": "01:02:03",
            "price": 12.5,
            "share": 0.25,
            "not_a_number": None,
            "flag": True,
            "bytes": "café",
            "digest": "ffffffff",
            "color": "red",
            "tags": ["a", "b"],
            "address": {"city": "Ulm", "raw": "x"},
            "counts": {"a": 1},
        },
    }


def test_rows_come_in_batches_with_their_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_module, "_ROWS", 100)
    source = write(tmp_path / "a.parquet", {"a": list(range(1000))})
    reader = Parquet(source).rows()
    assert next(reader) == (1, {"a": 0})
    assert source.read_bytes == 0
    assert [number for number, _ in reader] == list(range(2, 1001))
    assert source.read_bytes == source.size


def test_a_uuid_in_bytes_is_one(tmp_path: Path) -> None:
    source = write(tmp_path / "a.parquet", {"id": pyarrow.array([UUID(int=5).bytes], pyarrow.binary(16))})
    assert UUID(next(Parquet(source).rows())[1]["id"]) == UUID(int=5)  # type: ignore[index]


def test_only_columns_that_are_asked_for_are_read(tmp_path: Path) -> None:
    reader = Parquet(write(tmp_path / "a.parquet", {"a": [1], "b": [2]}))
    reader.only = ["b"]
    assert list(reader.rows()) == [(1, {"b": 2})]


@pytest.mark.parametrize(
    ("change", "said"),
    [(lambda data: data[: len(data) // 2], "broken Parquet"), (lambda data: b"a,b\n" + data, "no Parquet file")],
)
def test_a_file_that_is_no_parquet_is_told(tmp_path: Path, change: Any, said: str) -> None:
    path = tmp_path / "a.parquet"
    write(path, {"a": list(range(1000))})
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(Problem, match=said):
        Parquet(Source.of(path, None))


def test_a_file_without_rows_is_told(tmp_path: Path) -> None:
    source = write(tmp_path / "a.parquet", {"a": pyarrow.array([], pyarrow.int64())})
    with pytest.raises(Problem, match="no rows"):
        Parquet(source)
