"""Two projects with the same event under the same id: neither sees the other's, by any way."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from analytics_pipelines.cli.main import cli

pytestmark = pytest.mark.engines

SAME_UUID = "0190c1f0-0000-7000-8000-000000000001"

QUESTIONS = [
    "select properties.secret from events",
    "select secret from (select properties.secret as secret from events)",
    "select secret from (select secret from (select properties.secret as secret from events where 1 or 1))",
    "with e as (select properties.secret as secret from events) select secret from e",
    "with events as (select properties.secret as secret from events) select secret from events",
    "select a.properties.secret from events a join events b on a.uuid = b.uuid",
    "select b.properties.secret from events a left join events b on a.event = b.event where b.uuid != a.uuid or 1",
    "select b.properties.secret from events a cross join events b",
    "select properties.secret from events union all select properties.secret from events",
    "select properties.secret from events where uuid in (select uuid from events)",
    "select (select groupUniqArray(properties.secret) from events)[1] from events",
    "select properties.secret from events where true or 1 = 1",
    f"select properties.secret from events where uuid = toUUID('{SAME_UUID}')",
    "select arrayJoin(groupArray(properties.secret)) from events",
    "select any(properties.secret) over () from events",
    "select properties.secret as s from events group by s having 1",
    "select argMax(properties.secret, timestamp) from events",
    "select JSONExtractString(properties, 'secret') from events",
    "select e.properties.secret from events as e where e.event like '%'",
]


@pytest.mark.parametrize("text", QUESTIONS)
def test_sql_reads_one_project(site: Any, text: str) -> None:
    for key, project, word in (
        (site.key, site.ours.id, "ours"),
        (site.key_of_theirs, site.theirs.id, "theirs"),
    ):
        answer = site.sql(text, key=key, project=project)
        assert answer.status_code == 200, answer.json
        found = {cell for row in answer.json["results"] for cell in row if cell is not None}
        assert found == {word}, text


def test_each_project_has_its_own_event_under_the_same_id(site: Any) -> None:
    text = f"select count(), any(properties.secret) from events where uuid = toUUID('{SAME_UUID}')"
    assert site.sql(text).json["results"] == [[1, "ours"]]
    answer = site.sql(text, key=site.key_of_theirs, project=site.theirs.id)
    assert answer.json["results"] == [[1, "theirs"]]


def test_the_same_person_is_another_in_another_project(site: Any) -> None:
    text = "select person_id from events where distinct_id = 'ada'"
    (ours,) = {row[0] for row in site.sql(text).json["results"]}
    (theirs,) = {row[0] for row in site.sql(text, key=site.key_of_theirs, project=site.theirs.id).json["results"]}
    assert ours != theirs


def test_insights_count_one_project(site: Any) -> None:
    trends = {
        "kind": "TrendsQuery",
        "series": [{"kind": "EventsNode", "event": None}, {"kind": "EventsNode", "event": "only theirs"}],
        "dateRange": {"date_from": "2026-11-19", "date_to": "2026-11-23"},
    }
    assert [series["count"] for series in site.ask(trends).json["results"]] == [4, 0]
    answer = site.ask(trends, key=site.key_of_theirs, project=site.theirs.id)
    assert [series["count"] for series in answer.json["results"]] == [2, 1]


def test_ingestion_counts_one_project(site: Any) -> None:
    client = site.app.test_client()
    for project, key, events in ((site.ours, site.key, 4), (site.theirs, site.key_of_theirs, 2)):
        answer = client.get(f"/api/projects/{project.id}/ingestion/", headers={"Authorization": f"Bearer {key}"})
        assert answer.json["events_total"] == events
        assert answer.json["dead_letters_total"] == 0
        assert answer.json["last_event_at"] == "2026-11-23T10:30:00+00:00"


def test_a_project_without_events_has_none(site: Any) -> None:
    from analytics_pipelines.accounts.keys import ApiKeys

    key = ApiKeys(site.postgres).create(site.foreign.id, ["query:read", "project:read"])
    assert site.sql("select count() from events", key=key, project=site.foreign.id).json["results"] == [[0]]
    answer = site.app.test_client().get(
        f"/api/projects/{site.foreign.id}/ingestion/", headers={"Authorization": f"Bearer {key}"}
    )
    assert (answer.json["events_total"], answer.json["last_event_at"]) == (0, None)


def test_the_command_line_reads_one_project(site: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = site.settings
    for name in ("postgres_url", "clickhouse_url", "clickhouse_reader_url"):
        monkeypatch.setenv(f"ANALYTICS_{name.upper()}", getattr(settings, name).get_secret_value())
    monkeypatch.setenv("ANALYTICS_DATA_DIR", str(tmp_path))
    for project, word in ((site.ours, "ours"), (site.theirs, "theirs")):
        for text in QUESTIONS[:8]:
            found = CliRunner().invoke(cli, ["sql", "--json", "--project", str(project.id), text])
            assert found.exit_code == 0, found.output
            results = json.loads(found.stdout)["results"]
            assert {cell for row in results for cell in row if cell is not None} == {word}
