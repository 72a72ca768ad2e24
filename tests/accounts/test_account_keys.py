"""API keys: for one project, with scopes."""

from datetime import UTC, datetime, timedelta

import pytest

from analytics_pipelines.accounts.keys import SCOPES, ApiKey, ApiKeys
from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.accounts.secret import new_api_key, new_project_token
from analytics_pipelines.problems import Problem
from resources.postgres import Postgres


def key(*scopes: str) -> ApiKey:
    return ApiKey(1, 1, frozenset(scopes))


def test_a_scope_allows_itself_and_writing_includes_reading() -> None:
    assert key("query:read").allows("query:read")
    assert key("cohort:write").allows("cohort:read")
    assert key("cohort:write").allows("cohort:write")
    assert not key("cohort:read").allows("cohort:write")
    assert not key("cohort:write").allows("query:read")
    assert key("cohort:read", "query:read").allows("query:read")


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_star_allows_everything_and_nothing_allows_nothing(scope: str) -> None:
    assert key("*").allows(scope)
    assert not key().allows(scope)


def test_only_a_star_allows_what_has_no_scope() -> None:
    everything_else = key(*(SCOPES - {"*"}))
    assert not everything_else.allows("*")
    assert not everything_else.allows("signed_in")


@pytest.fixture
def project(postgres: Postgres) -> Project:
    People(postgres).ensure_first("Us", "Ours", new_project_token(), "admin@example.com")
    return Projects(postgres).all()[0]


@pytest.mark.engines
def test_a_key_is_found_with_its_project_and_scopes(postgres: Postgres, project: Project) -> None:
    keys = ApiKeys(postgres)
    made = keys.create(project.id, ["query:read", "cohort:write"], "for a script")
    found = keys.find(made)
    assert found is not None
    assert (found.project_id, found.scopes) == (project.id, {"query:read", "cohort:write"})
    assert keys.find(new_api_key()) is None
    assert keys.find("") is None
    row = postgres.row("SELECT label, mask FROM api_keys")
    assert row == {"label": "for a script", "mask": f"phx_…{made[-4:]}"}


@pytest.mark.engines
def test_the_use_of_a_key_is_noted_at_most_once_a_minute(postgres: Postgres, project: Project) -> None:
    keys = ApiKeys(postgres)
    made = keys.create(project.id, ["*"])

    def last_used() -> datetime | None:
        row = postgres.row("SELECT last_used_at FROM api_keys")
        assert row is not None
        noted: datetime | None = row["last_used_at"]
        return noted

    assert last_used() is None
    keys.find(made)
    first = last_used()
    keys.find(made)
    assert first is not None
    assert last_used() == first
    postgres.execute("UPDATE api_keys SET last_used_at = %s", [datetime.now(UTC) - timedelta(seconds=61)])
    keys.find(made)
    assert last_used() >= first  # type: ignore[operator]


@pytest.mark.engines
@pytest.mark.parametrize("scopes", [[], ["query"], ["query:read", "everything:read"], ["query:delete"], [""]])
def test_a_key_with_a_scope_that_is_none_is_not_made(postgres: Postgres, project: Project, scopes: list[str]) -> None:
    with pytest.raises(Problem) as problem:
        ApiKeys(postgres).create(project.id, scopes)
    assert "query:read" in problem.value.mend
    assert postgres.rows("SELECT 1 FROM api_keys") == []


@pytest.mark.engines
def test_a_key_for_no_project_is_not_made(postgres: Postgres, project: Project) -> None:
    with pytest.raises(Problem, match="no project 4711"):
        ApiKeys(postgres).create(4711, ["*"])
