"""Dashboards as files: read, written, applied and exported."""

from collections import Counter
from typing import Any

import pytest

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.dashboards.apply import apply, default_file, export, give_default
from analytics_pipelines.dashboards.boards import Dashboards
from analytics_pipelines.dashboards.checking import check_question
from analytics_pipelines.dashboards.file import read_file, write_file
from analytics_pipelines.dashboards.insights import Insights
from analytics_pipelines.dashboards.overrides import question_of
from analytics_pipelines.insights.team import Team
from analytics_pipelines.problems import Problem
from analytics_pipelines.queries.ask import Questions
from analytics_pipelines.queries.reader import open_reader
from analytics_pipelines.settings import Settings
from resources.postgres import Postgres

FILE = """
dashboards:
- id: shop
  name: Shop
  pinned: true
  filters: {date_from: 2026-11-01}
  tiles:
  - insight:
      id: count
      name: Größe
      query: {kind: HogQLQuery, query: select count() from events}
    layouts: {sm: {x: 0, y: 0, w: 6, h: 5}}
  - text: |
      # Two
      lines
    color: blue
  - insight: {id: other, query: {kind: HogQLQuery, query: select 1}}
insights:
- {id: lonely, query: {kind: HogQLQuery, query: select 2}}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dashboards: [", "no YAML"),
        ("dashboards: {}", "dashboards"),
        ("boards: []", "boards"),
        ("dashboards: [{name: x}]", "dashboards.0.id"),
        ("dashboards: [{id: x, colour: red}]", "dashboards.0.colour"),
        ("dashboards: [{id: 1x}]", "dashboards.0.id"),
        ("dashboards: [{id: x y}]", "dashboards.0.id"),
        ("dashboards: [{id: x, tiles: [{}]}]", "dashboards.0.tiles.0"),
        ("dashboards: [{id: x, tiles: [{text: a, insight: {id: a, query: {}}}]}]", "a text"),
        ("dashboards: [{id: x}, {id: x}]", "same id"),
        ("insights: [{id: x, query: {}}, {id: x, query: {a: 1}}]", "the id x"),
        ("insights: [{id: x, query: text}]", "insights.0.query"),
    ],
)
def test_a_wrong_file_is_refused_where_it_is_wrong(text: str, said: str) -> None:
    with pytest.raises(Problem) as refused:
        read_file(text)
    assert said in refused.value.cause


def test_what_is_written_reads_the_same() -> None:
    found = read_file(FILE)
    assert found.dashboards[0].filters == {"date_from": "2026-11-01"}, "a date is a text"
    for as_json in (False, True):
        assert read_file(write_file(found, as_json=as_json)) == found
    assert "    text: |" in write_file(found) or "- text: |" in write_file(found)
    assert read_file("") == read_file("{}")


@pytest.mark.parametrize("name", ["project", "demo"])
def test_every_question_of_a_default_can_be_asked(name: Any, tmp_path: Any) -> None:
    settings = Settings(data_dir=tmp_path, clickhouse_url="http://u:p@localhost:1/x")
    questions = Questions(open_reader(settings, {}), settings)
    for insight in default_file(name).all_insights().values():
        check_question(insight.query, Team(1), questions)


def test_the_demo_has_a_tile_for_each_kind_of_insight_and_each_look_of_a_trend() -> None:
    questions = [question_of(each.query) for each in default_file("demo").all_insights().values()]
    kinds = Counter(question["kind"] for question in questions)
    assert set(kinds) == {
        *("TrendsQuery", "FunnelsQuery", "RetentionQuery", "LifecycleQuery", "StickinessQuery", "PathsQuery"),
        "HogQLQuery",
    }
    looks = {question.get("trendsFilter", {}).get("display") for question in questions}
    assert looks >= {"ActionsLineGraph", "ActionsBar", "ActionsPie", "ActionsBarValue", "BoldNumber", "ActionsTable"}


@pytest.fixture
def project(postgres: Postgres) -> Project:
    People(postgres).ensure_first("Us", "Ours", "phc_x", "admin@example.com")
    return Projects(postgres).all()[0]


def moments(postgres: Postgres) -> list[Any]:
    return postgres.rows(
        "SELECT id, last_modified_at FROM insights UNION ALL SELECT id, last_modified_at FROM dashboards"
        " UNION ALL SELECT id, NULL FROM dashboard_tiles ORDER BY 1, 2"
    )


@pytest.mark.engines
def test_applying_twice_changes_nothing_the_second_time(postgres: Postgres, project: Project) -> None:
    first = apply(read_file(FILE), postgres, project.id)
    assert (sorted(first.made), first.changed, first.same) == (["count", "lonely", "other", "shop"], [], [])
    before = moments(postgres)
    again = apply(read_file(FILE), postgres, project.id)
    assert (again.made, again.changed, sorted(again.same)) == ([], [], ["count", "lonely", "other", "shop"])
    assert moments(postgres) == before
    assert export(postgres, project.id) == read_file(FILE)


@pytest.mark.engines
def test_a_changed_file_changes_what_it_names_and_nothing_else(postgres: Postgres, project: Project) -> None:
    apply(read_file(FILE), postgres, project.id)
    own = Dashboards(postgres, project.id).create({"name": "By hand"}, None)[0]
    changed = FILE.replace("select 1", "select 3").replace(
        "  - text: |\n      # Two\n      lines\n    color: blue\n", ""
    )
    applied = apply(read_file(changed), postgres, project.id)
    assert (applied.made, sorted(applied.changed), sorted(applied.same)) == ([], ["other", "shop"], ["count", "lonely"])
    found = Dashboards(postgres, project.id).find("shop")
    assert found
    assert [tile.insight.short_id for tile in found[1] if tile.insight] == ["count", "other"]
    assert Dashboards(postgres, project.id).find(own.id), "not in the file, and left alone"
    assert [board.id for board in export(postgres, project.id, ["shop"]).dashboards] == ["shop"]


@pytest.mark.engines
def test_what_was_deleted_is_had_back(postgres: Postgres, project: Project) -> None:
    apply(read_file(FILE), postgres, project.id)
    insights, boards = Insights(postgres, project.id), Dashboards(postgres, project.id)
    count, shop = insights.find("count"), boards.find("shop")
    assert count
    assert shop
    insights.change(count.id, {"deleted": True}, None)
    boards.change(shop[0].id, {"deleted": True})
    assert export(postgres, project.id).dashboards == []
    applied = apply(read_file(FILE), postgres, project.id)
    assert {"count", "shop"} <= set(applied.changed)
    assert export(postgres, project.id) == read_file(FILE)


@pytest.mark.engines
def test_a_file_is_the_same_in_another_project(postgres: Postgres, project: Project) -> None:
    other = Projects(postgres).create("Another")
    apply(read_file(FILE), postgres, project.id)
    apply(export(postgres, project.id), postgres, other.id)
    assert export(postgres, other.id) == read_file(FILE)
    ids = postgres.rows("SELECT id FROM insights WHERE short_id = 'count'")
    assert len(ids) == 2


@pytest.mark.engines
def test_a_default_is_given_once(postgres: Postgres, project: Project) -> None:
    give_default("project", postgres, project)
    boards = Dashboards(postgres, project.id)
    ((made,), _) = boards.page("", 10, 0)
    assert made.pinned
    boards.change(made.id, {"deleted": True})
    give_default("project", postgres, project)
    assert boards.page("", 10, 0)[1] == 0, "who deleted it does not want it"
