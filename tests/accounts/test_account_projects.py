"""Organizations, projects and the people of the first start."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.accounts.secret import new_project_token
from analytics_pipelines.problems import Problem
from resources.postgres import Postgres

pytestmark = pytest.mark.engines


def first(postgres: Postgres) -> None:
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")


def test_the_first_start_makes_one_of_each_and_later_ones_nothing(postgres: Postgres) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: first(postgres), range(4)))
    (project,) = Projects(postgres).all()
    assert (project.name, project.timezone, project.week_start_day, project.is_demo) == ("Ours", "UTC", 0, False)
    assert postgres.rows("SELECT email FROM users") == [{"email": "admin@example.com"}]
    assert postgres.rows("SELECT role FROM memberships") == [{"role": "admin"}]


def test_nobody_can_sign_in_before_the_first_start(postgres: Postgres) -> None:
    assert People(postgres).login_link_secret() is None


def test_projects_are_made_listed_and_removed(postgres: Postgres) -> None:
    first(postgres)
    projects = Projects(postgres)
    made = projects.create(" Shop ", timezone="Asia/Kolkata")
    assert (made.name, made.timezone) == ("Shop", "Asia/Kolkata")
    assert projects.get(made.id) == made
    assert [each.name for each in projects.all()] == ["Ours", "Shop"]
    assert projects.all(organization_id=made.organization_id + 1) == []
    projects.delete(made.id)
    assert projects.get(made.id) is None
    assert projects.get(2**80) is None


@pytest.mark.parametrize(
    "zone", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Pacific/Chatham", "Etc/GMT+12"]
)
def test_every_zone_of_the_iana_database_is_one(postgres: Postgres, zone: str) -> None:
    first(postgres)
    assert Projects(postgres).create("Shop", timezone=zone).timezone == zone


@pytest.mark.parametrize("zone", ["", "Berlin", "CEST+2", "../etc/passwd", "europe/berlin ", "Mars/Olympus"])
def test_other_zones_are_none(postgres: Postgres, zone: str) -> None:
    first(postgres)
    with pytest.raises(Problem, match="no time zone"):
        Projects(postgres).create("Shop", timezone=zone)


def test_a_project_needs_a_name(postgres: Postgres) -> None:
    first(postgres)
    with pytest.raises(Problem, match="needs a name"):
        Projects(postgres).create("  ")


def test_a_project_needs_an_organization(postgres: Postgres) -> None:
    with pytest.raises(Problem):
        Projects(postgres).create("Shop")
