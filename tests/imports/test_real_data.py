"""Real data from packages, through the command and the ordinary ingestion, counted against what is known of it."""

import csv
import gzip
import hashlib
import json
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as XmlTree

import pytest

pytestmark = [pytest.mark.engines, pytest.mark.slow, pytest.mark.timeout(600)]

LIFETIMES = ("Lifetimes==0.11.3", "--only-binary=:all:", "Lifetimes-0.11.3-py3-none-any.whl", "261e3dc8", "895da8")
PM4PY = ("pm4py==2.2.32", "--no-binary=pm4py", "pm4py-2.2.32.tar.gz", "b6e2944a", "1c51")


@pytest.fixture(scope="session")
def packages(pytestconfig: pytest.Config) -> Path:
    """Where downloads stay between runs."""
    assert pytestconfig.cache is not None
    return Path(pytestconfig.cache.mkdir("packages"))


def downloaded(folder: Path, wanted: tuple[str, str, str, str, str]) -> Path:
    """A package's file from the index, known by its SHA-256. A failure to get it fails the test: nothing is skipped."""
    requirement, kind, name, first, last = wanted
    file = folder / name
    if not file.exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        found = subprocess.run(
            [*pip, kind, "--dest", str(folder), requirement], capture_output=True, text=True, timeout=300
        )
        assert file.exists(), f"the package index gave no {requirement}, which this test needs:\n{found.stderr}"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest.startswith(first), f"{file} is another file: delete it, and check where it came from"
    assert digest.endswith(last)
    return file


@pytest.fixture
def cdnow(packages: Path, tmp_path: Path) -> Path:
    """Purchases of compact discs, 1997 and 1998: columns between blanks."""
    with zipfile.ZipFile(downloaded(packages, LIFETIMES)) as wheel:
        path = tmp_path / "CDNOW_master.txt"
        path.write_bytes(wheel.read("lifetimes/datasets/CDNOW_master.txt"))
    return path


@pytest.fixture
def loans(packages: Path, tmp_path: Path) -> Path:
    """Applications for loans (BPI Challenge 2012), of which each step is an event: XES made into CSV."""
    path = tmp_path / "bpic2012.csv"
    with tarfile.open(downloaded(packages, PM4PY)) as archive, path.open("w", newline="", encoding="utf-8") as file:
        packed = archive.extractfile("pm4py-2.2.32/tests/input_data/bpic2012.xes.gz")
        assert packed is not None
        rows = csv.DictWriter(file, ["case", "activity", "time", "resource", "lifecycle", "amount"])
        rows.writeheader()
        with gzip.open(packed) as xes:
            rows.writerows(steps(xes))
    return path


def steps(xes: Any) -> Iterator[dict[str, str]]:
    for _, element in XmlTree.iterparse(xes):  # noqa: S314  known by its digest
        if element.tag.rpartition("}")[2] != "trace":
            continue
        of_case = attributes(element)
        for child in element:
            if child.tag.rpartition("}")[2] == "event":
                found = attributes(child)
                yield {
                    "case": of_case["concept:name"],
                    "activity": found["concept:name"],
                    "time": found["time:timestamp"],
                    "resource": found.get("org:resource", ""),
                    "lifecycle": found.get("lifecycle:transition", ""),
                    "amount": of_case["AMOUNT_REQ"],
                }
        element.clear()


def attributes(element: Any) -> dict[str, str]:
    return {child.attrib["key"]: child.attrib["value"] for child in element if "value" in child.attrib}


CDNOW_OPTIONS = (
    "--format=csv",
    "--delimiter=whitespace",
    "--event=purchase",
    "--distinct-id-column=customer_id",
    "--timestamp-column=date",
    "--property=number_of_cds=cds",
    "--property=dollar_value=revenue",
)


def test_every_purchase_of_cdnow_is_an_event(stack: Any, cdnow: Path) -> None:
    said = stack.imported(cdnow, *CDNOW_OPTIONS)
    assert (said["rows"], said["events"], said["bad_rows"]) == (69_659, 69_659, 0)
    stack.drain()
    assert stack.ask(
        "SELECT count(), uniqExact(uuid), uniqExact(distinct_id), uniqExact(person_id),"
        " sum(JSONExtractInt(properties, 'cds')), sum(toDecimal64(JSONExtractString(properties, 'revenue'), 2)),"
        " countIf(JSONExtractFloat(properties, 'revenue') = 0),"
        " min(timestamp), max(timestamp) FROM events WHERE team_id = {team:Int64} AND event = 'purchase'"
    ) == [
        (
            69_659,
            69_659,
            23_570,
            23_570,
            167_881,
            Decimal("2500315.63"),
            80,
            datetime(1997, 1, 1, tzinfo=UTC),
            datetime(1998, 6, 30, tzinfo=UTC),
        )
    ]
    assert stack.count("dead_letters") == 0
    found = stack.ask(
        "SELECT timestamp, properties FROM events WHERE distinct_id = '00002' AND team_id = {team:Int64}"
        " ORDER BY JSONExtractInt(properties, 'cds')"
    )
    assert [(at, json.loads(held)) for at, held in found] == [
        (datetime(1997, 1, 12, tzinfo=UTC), {"cds": 1, "revenue": 12.0}),
        (datetime(1997, 1, 12, tzinfo=UTC), {"cds": 5, "revenue": 77.0}),
    ]
    # 255 rows repeat an earlier one of the file: purchases all the same
    assert stack.ask(
        "SELECT count() - uniqExact(distinct_id, timestamp, properties) FROM events WHERE team_id = {team:Int64}"
    ) == [(255,)]


def test_importing_cdnow_again_in_any_order_adds_nothing(stack: Any, cdnow: Path) -> None:
    stack.imported(cdnow, *CDNOW_OPTIONS)
    stack.drain()
    assert stack.imported(cdnow, *CDNOW_OPTIONS)["already_imported"]
    header, *rows = cdnow.read_text().splitlines(keepends=True)
    cdnow.write_text(header + "".join(reversed(rows)))
    said = stack.imported(cdnow, *CDNOW_OPTIONS)
    assert (said["already_imported"], said["events"]) == (False, 69_659)
    stack.drain()
    assert stack.count() == 69_659


def test_every_step_of_the_loans_is_an_event(stack: Any, loans: Path) -> None:
    said = stack.imported(
        loans, "--event-column=activity", "--distinct-id-column=case", "--timestamp-column=time", "--set=amount"
    )
    assert (said["rows"], said["events"], said["bad_rows"]) == (262_200, 262_200, 0)
    stack.drain()
    assert stack.ask(
        "SELECT count(), uniqExact(uuid), uniqExact(distinct_id), uniqExact(event),"
        " toDate(min(timestamp), 'Europe/Amsterdam'), toDate(max(timestamp), 'Europe/Amsterdam')"
        " FROM events WHERE team_id = {team:Int64}"
    ) == [(262_200, 262_200, 13_087, 24, date(2011, 10, 1), date(2012, 3, 14))]
    # 2011-10-01T00:38:44.546+02:00 in the file
    assert stack.ask(
        "SELECT event, distinct_id, timestamp, JSONExtractString(properties, 'resource'),"
        " JSONExtractInt(properties, '$set', 'amount') FROM events WHERE team_id = {team:Int64}"
        " ORDER BY timestamp LIMIT 1"
    ) == [("A_SUBMITTED", "173688", datetime(2011, 9, 30, 22, 38, 44, 546000, tzinfo=UTC), "112", 20000)]
    assert stack.count("dead_letters") == 0
