"""Templates of folders, and configurations of destinations: what is refused."""

from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_pipelines.exports.configs import destination_of
from analytics_pipelines.exports.intervals import Every, Interval, intervals
from analytics_pipelines.exports.prefix import WrongPrefix, checked_prefix, file_name, folder_of, is_file_of
from analytics_pipelines.exports.rows import WrongExport

TEN = Interval(datetime(2026, 11, 24, 10, tzinfo=UTC), datetime(2026, 11, 24, 11, tzinfo=UTC))

HOSTILE = [
    *("../x", "x/../../y", "..", ".", "x/./y", "/etc", "x//y", "x/", "x\\y", "..\\x", "x\0y", "x\ny", "%2e%2e/x"),
    *("~/x", "x y", "x?y", "x*", "{x}", "{year", "year}", "{}", "{0}", "{year.__class__}", "{year[0]}", "{year!r}"),
    *("{year:>9}", "{{year}}", "x'y", 'x"y', "x;y", "x#y", "x:y", "ü", "{table}{_partition_id}", "x" * 501, "a/" * 250),
]
PLAIN = ["", "a", "a/b_c.d-e=f", "{year}/{month}/{day}/{hour}", "t={table}/{data_interval_start}"]


@pytest.mark.parametrize("template", HOSTILE)
def test_a_template_that_could_name_anything_else_is_refused(template: str) -> None:
    with pytest.raises(WrongPrefix):
        checked_prefix(template)


@pytest.mark.parametrize(
    "template", ["", "a", "a/b_c.d-e=f", "{year}/{month}/{day}/{hour}", "t={table}/{data_interval_start}"]
)
def test_folders_of_plain_names_are_taken(template: str) -> None:
    assert checked_prefix(template) == template


def test_no_two_intervals_share_a_folder_whatever_the_template_says() -> None:
    start, end = datetime(2026, 2, 27, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC)
    for template in (
        "",
        "x",
        "{month}/{day}",
        "{year}-{month}-{day}",
        "{hour}",
        "{data_interval_start}",
        "{year}/{table}",
    ):
        for every in Every:
            found = [
                folder_of(template, each, every, team_id=1, table="events") for each in intervals(start, end, every)
            ]
            assert len(set(found)) == len(found), (template, every)


def test_only_files_of_the_interval_are_its_own() -> None:
    assert is_file_of(file_name(TEN, 12, "jsonl.gz"), TEN)
    later = Interval(TEN.end, datetime(2026, 11, 24, 12, tzinfo=UTC))
    for name in ("_SUCCESS", file_name(later, 0, "parquet"), "mine.parquet", f"my-{file_name(TEN, 0, 'parquet')}"):
        assert not is_file_of(name, TEN)


S3 = {"bucket_name": "lake", "aws_access_key_id": "AK", "aws_secret_access_key": "SK"}
POSTGRES = {"host": "db.example.com", "database": "d", "user": "u", "password": "p", "table_name": "t"}


@pytest.mark.parametrize(
    ("kind", "config"),
    [
        ("S3", {**S3, "prefix": "../../x"}),
        ("S3", {**S3, "bucket_name": "a/b"}),
        ("S3", {**S3, "bucket_name": "UPPER"}),
        ("S3", {**S3, "region": "eu/../x"}),
        ("S3", {**S3, "compression": "gzip"}),
        ("S3", {**S3, "endpoint_url": "file:///etc"}),
        ("S3", {**S3, "endpoint_url": "http://user:pw@host"}),
        ("S3", {**S3, "endpoint_url": "http://public.example.com\\@10.0.0.1"}),
        ("S3", {**S3, "endpoint_url": "http://host/path"}),
        ("S3", {**S3, "endpoint_url": "http://host:99999"}),
        ("S3", {**S3, "max_file_size_mb": 0}),
        ("S3", {**S3, "something": "else"}),
        ("S3", {"bucket_name": "lake"}),
        ("Folder", {"path": "/etc"}),
        ("Folder", {"file_format": "CSV"}),
        ("Postgres", {**POSTGRES, "host": "a b"}),
        ("Postgres", {**POSTGRES, "host": "db,other"}),
        ("Postgres", {**POSTGRES, "host": "/var/run/postgresql"}),
        ("Postgres", {**POSTGRES, "table_name": 'x"; DROP TABLE y'}),
        ("Postgres", {**POSTGRES, "database": "d\0"}),
        ("ClickHouse", {**POSTGRES, "table_name": "x`"}),
    ],
)
def test_what_is_no_destination_is_refused(kind: Any, config: dict[str, Any]) -> None:
    with pytest.raises(WrongExport):
        destination_of(kind, config)


def test_secrets_stand_apart_and_are_not_printed() -> None:
    found = destination_of("S3", S3)
    assert found.secrets == {"aws_access_key_id": "AK", "aws_secret_access_key": "SK"}
    assert "AK" not in repr(found)
    assert not {"aws_access_key_id", "aws_secret_access_key"} & set(found.config)


def test_a_secret_stays_unless_it_would_be_sent_elsewhere() -> None:
    before = destination_of("S3", S3)
    assert destination_of("S3", {"prefix": "x"}, before).secrets == before.secrets
    for moved in ({"endpoint_url": "https://evil.example.com"}, {"bucket_name": "other"}):
        with pytest.raises(WrongExport, match="secrets of that place"):
            destination_of("S3", moved, before)
    elsewhere = destination_of("S3", {**S3, "endpoint_url": "https://other.example.com"}, before)
    assert elsewhere.config["endpoint_url"] == "https://other.example.com"
