"""Ingestion warnings over the API."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.ingest.warnings import WARNING_TYPES
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

COLUMNS = ["team_id", "received_at", "type", "distinct_id", "uuid", "event", "details", "batch_id"]


@pytest.fixture
def made(site: Any) -> Iterator[Project]:
    projects = Projects(site.postgres)
    found = projects.create("Of this test")
    yield found
    projects.delete(found.id)


def warn(site: Any, team: int, type_: str, uuid: UUID, ago: timedelta = timedelta(0), details: str = "") -> datetime:
    moment = (datetime.now(UTC) - ago).replace(microsecond=0)
    row = [team, moment, type_, "ada", uuid, "buy", details, uuid4()]
    ClickHouse(site.settings.need_clickhouse()).insert_rows("ingestion_warnings", [row], COLUMNS)
    return moment


def shown(site: Any, project: Project) -> Any:
    answer = site.signed_in().get(f"/api/projects/{project.id}/ingestion/")
    assert answer.status_code == 200, answer.json
    return answer.json["warnings"]


def test_warnings_are_shown_by_type_with_the_latest_event(site: Any, made: Project) -> None:
    early, late, other = uuid4(), uuid4(), uuid4()
    warn(site, made.id, "event_timestamp_in_future", early, timedelta(hours=2))
    for _ in range(2):
        last = warn(site, made.id, "event_timestamp_in_future", late, timedelta(hours=1), '{"said":"2090"}')
    warn(site, made.id, "ignored_invalid_timestamp", other, timedelta(minutes=1))
    unreadable, future = shown(site, made)
    assert unreadable["type"] == "ignored_invalid_timestamp"
    words = WARNING_TYPES["event_timestamp_in_future"]
    assert future == {
        "type": "event_timestamp_in_future",
        "title": words.title,
        "meaning": words.meaning,
        "advice": words.advice,
        "events": 2,
        "last_seen": last.isoformat(),
        "example": {"event": "buy", "distinct_id": "ada", "uuid": str(late), "details": '{"said":"2090"}'},
    }


def test_a_project_without_warnings_has_an_empty_list(site: Any, made: Project) -> None:
    warn(site, site.theirs.id, "ignored_invalid_timestamp", uuid4())
    assert shown(site, made) == []


def test_old_warnings_are_not_shown(site: Any, made: Project) -> None:
    warn(site, made.id, "ignored_invalid_timestamp", uuid4(), timedelta(days=31))
    assert shown(site, made) == []


def test_a_type_without_words_is_shown_as_it_is(site: Any, made: Project) -> None:
    warn(site, made.id, "of_a_later_release", uuid4())
    (warning,) = shown(site, made)
    assert warning["type"] == "of_a_later_release"
    assert all(warning[name] for name in ("title", "meaning", "advice"))


def test_every_type_says_what_happened_and_what_to_do() -> None:
    for words in WARNING_TYPES.values():
        assert all(text.endswith(".") for text in (words.meaning, words.advice))
        assert not words.title.endswith(".")
