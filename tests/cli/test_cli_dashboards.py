"""`analytics dashboards apply` and `export`."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from analytics_pipelines.accounts.projects import Projects

pytestmark = pytest.mark.engines

FILE = """
dashboards:
- id: shop
  name: Shop
  tiles:
  - insight: {id: count, query: {kind: HogQLQuery, query: select count() from events}}
"""


@pytest.fixture
def project(running: Any) -> str:
    return str(Projects(running.stack.postgres).create("Shop").id)


def test_a_file_goes_in_and_comes_out(analytics: Any, project: str, tmp_path: Path) -> None:
    file = tmp_path / "dashboards.yaml"
    file.write_text(FILE)
    for expected in ({"made": ["count", "shop"]}, {"same": ["count", "shop"]}):
        found = analytics("dashboards", "apply", str(file), "--project", project, "--json")
        assert found.exit_code == 0, found.stderr
        assert json.loads(found.stdout) == {"made": [], "changed": [], "same": [], **expected}
    shown = analytics("dashboards", "export", "--project", project)
    assert yaml.safe_load(shown.stdout) == yaml.safe_load(FILE)
    shown = analytics("dashboards", "export", "shop", "--project", project, "--json")
    assert json.loads(shown.stdout) == yaml.safe_load(FILE)
    assert "made" in analytics("dashboards", "apply", str(file), "--project", project).stdout


def test_nothing_is_written_when_a_question_can_not_be_asked(analytics: Any, project: str, tmp_path: Path) -> None:
    file = tmp_path / "dashboards.yaml"
    file.write_text(FILE.replace("count()", "nonsense"))
    found = analytics("dashboards", "apply", str(file), "--project", project)
    assert found.exit_code == 1
    assert "dashboards.0.tiles.0.insight.query" in found.stderr
    assert "nonsense" in found.stderr
    assert analytics("dashboards", "export", "--project", project).stdout == "{}\n"


def test_what_is_not_there_is_said(analytics: Any, project: str) -> None:
    found = analytics("dashboards", "export", "nothing", "--project", project)
    assert (found.exit_code, "no dashboard nothing" in found.stderr) == (1, True)
    assert analytics("dashboards", "export", "--project", "999999").exit_code == 1


def test_a_new_project_has_a_first_dashboard(analytics: Any, running: Any) -> None:
    made = json.loads(analytics("project", "create", "New", "--json").stdout)
    shown = analytics("dashboards", "export", "--project", str(made["id"]), "--json")
    (board,) = json.loads(shown.stdout)["dashboards"]
    assert (board["name"], board["pinned"]) == ("Overview", True)
