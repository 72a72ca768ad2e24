"""What questions know of a project: types of properties, actions, cohorts, kinds of groups."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from psycopg.types.json import Jsonb

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.groups.types import GroupTypes
from analytics_pipelines.insights.team import Action
from analytics_pipelines.queries.team import load_team
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

pytestmark = pytest.mark.engines


@dataclass(frozen=True)
class Stores:
    postgres: Postgres
    reader: ClickHouse


@pytest.fixture
def projects(postgres: Postgres) -> tuple[Project, Project]:
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    made = Projects(postgres)
    return made.create("A", timezone="Asia/Tokyo"), made.create("B")


def _saw(clickhouse: ClickHouse, team: int, kind: str, index: int, name: str, code: int) -> None:
    clickhouse.command(
        "INSERT INTO sightings (team_id, kind, group_type_index, is_other, name, evidence)"
        " SELECT {team:Int64}, {kind:String}, {index:Int8}, false, {name:String}, map(0, {code:UInt64})",
        {"team": team, "kind": kind, "index": index, "name": name, "code": code},
    )


def test_a_team_is_what_was_seen_and_what_people_said(
    postgres: Postgres, clickhouse: ClickHouse, reader: ClickHouse, projects: tuple[Project, Project]
) -> None:
    ours, theirs = projects
    GroupTypes(postgres).assign([(ours.id, "company"), (ours.id, "shop")])
    for kind, index, name, code in (
        ("event", -1, "price", 2),
        ("event", -1, "plan", 1),
        ("event", -1, "zip", 2),
        ("person", -1, "price", 3),
        ("group", 1, "founded", 4),
    ):
        _saw(clickhouse, ours.id, kind, index, name, code)
    _saw(clickhouse, theirs.id, "event", -1, "secret", 2)
    postgres.execute(
        "INSERT INTO property_types VALUES (%(team)s, 'event', -1, 'zip', 'String', %(now)s),"
        " (%(team)s, 'event', -1, 'plan', 'Numeric', %(now)s)",
        {"team": ours.id, "now": datetime.now(UTC)},
    )
    for project in projects:
        for name, deleted in (("kept", False), ("gone", True)):
            postgres.execute(
                "INSERT INTO actions (team_id, name, steps, deleted) VALUES (%s, %s, %s, %s)",
                [project.id, name, Jsonb([{"event": "buy"}]), deleted],
            )
            postgres.execute(
                "INSERT INTO cohorts (team_id, name, deleted) VALUES (%s, %s, %s)", [project.id, name, deleted]
            )
    rules = [{"regex": "[0-9]+", "alias": ":id"}]
    filters = [{"key": "email", "value": "us", "operator": "not_icontains", "type": "person"}]
    changed = Projects(postgres).update(
        ours.id, {"test_account_filters": filters, "path_cleaning_filters": rules, "week_start_day": 1}
    )
    assert changed is not None
    team = load_team(changed, Stores(postgres, reader))
    assert (team.id, team.timezone, team.week_start_day) == (ours.id, "Asia/Tokyo", 1)
    assert team.test_account_filters == tuple(filters)
    assert team.path_cleaning_filters == tuple(rules)
    assert team.property_types == {
        ("event", "price"): "Numeric",
        ("event", "plan"): "Numeric",
        ("event", "zip"): "String",
        ("person", "price"): "Boolean",
        ("group_1", "founded"): "DateTime",
    }
    assert [*team.actions.values()] == [Action(next(iter(team.actions)), "kept", ({"event": "buy"},))]
    assert [*team.cohorts.values()] == ["kept"]
    assert team.group_types == {0: "company", 1: "shop"}


def test_a_projects_data_version_is_the_last_touch_of_its_days(postgres: Postgres) -> None:
    def touch(*days: tuple[int, str]) -> None:
        postgres.execute(
            "INSERT INTO dirty_days (team_id, day, touched_at) SELECT team, day, now()"
            " FROM unnest(%s::bigint[], %s::date[]) AS t (team, day)"
            " ON CONFLICT (team_id, day) DO UPDATE SET touched_at = excluded.touched_at",
            [[team for team, _ in days], [day for _, day in days]],
        )

    def versions() -> dict[int, int]:
        return {row["team_id"]: row["touch"] for row in postgres.rows("SELECT team_id, touch FROM data_versions")}

    touch((2, "2026-01-01"), (1, "2026-01-01"), (1, "2026-01-02"))
    first = versions()
    touch((1, "2026-01-01"))
    second = versions()
    assert second[1] > first[1]
    assert second[2] == first[2]
    postgres.execute("DELETE FROM dirty_days")
    assert versions() == second


def test_new_members_of_a_cohort_are_new_data(postgres: Postgres, projects: tuple[Project, Project]) -> None:
    ours, theirs = projects
    postgres.execute("INSERT INTO cohorts (team_id, name) VALUES (%s, 'a'), (%s, 'a')", [ours.id, theirs.id])

    def versions() -> dict[int, int]:
        return {row["team_id"]: row["touch"] for row in postgres.rows("SELECT team_id, touch FROM data_versions")}

    postgres.execute("UPDATE cohorts SET name = 'b'")
    assert versions() == {}
    postgres.execute("UPDATE cohorts SET last_calculation = now() WHERE team_id = %s", [ours.id])
    first = versions()
    assert set(first) == {ours.id}
    postgres.execute("UPDATE cohorts SET last_calculation = now() WHERE team_id = %s", [ours.id])
    assert versions()[ours.id] > first[ours.id]


def test_sessions_that_were_built_anew_are_new_data_of_those_whose_events_changed(postgres: Postgres) -> None:
    postgres.execute("INSERT INTO dirty_days VALUES (1, '2026-01-02', now()), (2, '2026-03-01', now())")

    def versions() -> dict[int, int]:
        return {row["team_id"]: row["touch"] for row in postgres.rows("SELECT team_id, touch FROM data_versions")}

    def build(rollup: str) -> None:
        postgres.execute(
            "INSERT INTO rollup_watermark VALUES (%s, '2026-01-01', 9, 'v', now())"
            " ON CONFLICT (rollup, day) DO UPDATE SET built_at = excluded.built_at",
            [rollup],
        )

    first = versions()
    build("event_counts_hourly")
    assert versions() == first
    build("sessions")
    second = versions()
    assert (second[1] > first[1], second[2]) == (True, first[2])
    build("sessions")
    assert versions()[1] > second[1]
