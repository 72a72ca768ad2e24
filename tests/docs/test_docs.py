"""The pages say what the code says: names, links, commands, settings, paths."""

import importlib.util
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import click
import pytest

from analytics_pipelines.cli.main import cli
from analytics_pipelines.settings import Settings

# Dagster's own, where it meets newer releases of Pydantic and of itself.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", ROOT / "CHANGELOG.md", *DOCS.rglob("*.md")])
README = (ROOT / "README.md").read_text()

# Variables that are no settings: for tests, and between the supervisor and its engine.
_NO_SETTINGS = {"ANALYTICS_FAULTS", "ANALYTICS_EMBEDDED_CLICKHOUSE_PASSWORD"}
# Verbs that pages name as missing.
_NOT_YET = {"replay"}
_ADVERTISING = re.compile(
    r"\b(blazing|seamless(ly)?|effortless(ly)?|powerful|robust|world-class|cutting-edge|state-of-the-art|revolutionary|"
    r"game-chang\w+|leverag\w+|delightful|next-gen\w*|todo|fixme|tbd|lorem)\b",
    re.IGNORECASE,
)
_MACHINE_PATH = re.compile(r"(?<![\w.])/(work|root|home|Users|tmp)\b")
_CODE = re.compile(r"```[a-z]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"(?:analytics_pipelines|assets|resources|capture_app|docs|tests|deploy|benchmarks)/[\w./-]*")


def by_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


each_page = pytest.mark.parametrize("page", PAGES, ids=by_name)


@cache
def generate() -> ModuleType:
    """docs/generate.py, wherever the tests run from; loading Dagster's definitions takes a while, so once."""
    spec = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def code_of(page: Path) -> str:
    """What stands in a page as code: blocks and spans, one a line."""
    return "\n".join(block or span for block, span in _CODE.findall(page.read_text()))


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_generated_pages_are_up_to_date() -> None:
    assert generate().stale() == [], "run `make docs`"


def test_the_check_says_which_page_is_out_of_date(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(generate(), "FOLDER", tmp_path)
    assert generate().main(["--check"]) == 1
    assert "docs/settings.md is out of date" in capsys.readouterr().err
    assert generate().main([]) == 0
    assert generate().main(["--check"]) == 0


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_named_with_its_variables_and_described(name: str) -> None:
    field = Settings.model_fields[name]
    page = (DOCS / "settings.md").read_text()
    assert field.description
    for variable in [name, f"ANALYTICS_{name.upper()}", *generate().environment_names(name, field)]:
        assert f"`{variable}`" in page


def test_every_asset_check_job_schedule_and_sensor_is_named_and_described() -> None:
    defs = generate().defs
    found: list[tuple[str, str | None]] = [
        (spec.key.to_user_string(), spec.description) for spec in defs.resolve_all_asset_specs()
    ]
    found += [(spec.name, spec.description) for check in defs.asset_checks for spec in check.check_specs]
    instigators: list[Any] = [*defs.jobs, *defs.schedules, *defs.sensors]
    found += [(one.name, one.description) for one in instigators]
    page = (DOCS / "assets.md").read_text()
    assert found
    assert [name for name, described in found if f"| `{name}` |" not in page or not described] == []


def test_every_verb_is_documented_with_an_example() -> None:
    page = (DOCS / "cli.md").read_text()
    for context in generate().verbs():
        assert f" {context.command_path}\n" in page
        assert context.command.help, context.command_path
        if not hasattr(context.command, "commands"):
            assert "Example" in (context.command.epilog or ""), context.command_path


@each_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in _LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors_of(file), target


@each_page
def test_targets_and_verbs_that_are_mentioned_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    code = code_of(page)
    assert set(re.findall(r"^ *make ([a-z]+)", code, re.MULTILINE)) <= targets
    assert [words for words in _verbs_in(code) if not _is_verb(words)] == []


def _verbs_in(code: str) -> list[list[str]]:
    calls = re.findall(r"(?:^|[ (]|bin/)analytics ([a-z][a-z-]+)(?: ([a-z][a-z-]+))?(?![\w:.])", code, re.MULTILINE)
    return [[word for word in words if word] for words in calls if words[0] not in _NOT_YET]


def _is_verb(words: list[str]) -> bool:
    found: click.Command | None = cli
    context = click.Context(cli)
    for word in words:
        if not isinstance(found, click.Group):
            return True  # what follows is an argument
        found = found.get_command(context, word)
        if found is None:
            return False
    return True


@each_page
def test_variables_that_are_mentioned_are_settings(page: Path) -> None:
    known = {name for key, field in Settings.model_fields.items() for name in generate().environment_names(key, field)}
    assert set(re.findall(r"\bANALYTICS_[A-Z_]+[A-Z]\b", page.read_text())) - known - _NO_SETTINGS == set()


@each_page
def test_files_that_are_mentioned_exist(page: Path) -> None:
    named = {path.rstrip(".") for path in re.findall(_PATH, code_of(page))}
    named -= {path for path in named if path.startswith("deploy/") and "." not in path}  # kubectl's deployments
    assert sorted(path for path in named if not (ROOT / path).exists()) == []


@each_page
def test_pages_name_no_machine_and_do_not_advertise(page: Path) -> None:
    text = page.read_text()
    assert _MACHINE_PATH.findall(text) == []
    assert [found[0] for found in _ADVERTISING.findall(text)] == []


def test_the_readme_begins_with_what_it_is_and_shows_it() -> None:
    first = README.split("\n## ", 1)[0]
    assert "![" in first
    assert "img.shields.io" not in README


def test_python_in_the_readme_compiles() -> None:
    blocks = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert blocks
    for block in blocks:
        compile(block, "README.md", "exec")


@pytest.mark.parametrize("page", sorted((DOCS / "decisions").glob("*.md")), ids=lambda page: page.stem)
def test_a_decision_has_a_context_a_decision_and_its_drawbacks(page: Path) -> None:
    text = page.read_text()
    assert text.startswith(f"# {int(page.stem[:4])}. ")
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings == ["Context", "Decision", "Consequences", "Drawbacks"]


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = sorted(int(page.stem[:4]) for page in (DOCS / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_changelog_has_an_entry_for_this_version() -> None:
    version = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"## [{version[1]}]" in (ROOT / "CHANGELOG.md").read_text()


def test_the_licence_is_the_one_that_the_package_names() -> None:
    assert 'license = "Apache-2.0"' in (ROOT / "pyproject.toml").read_text()
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_readme_names_the_pythons_that_the_package_takes() -> None:
    found = re.search(r'requires-python = ">=3\.(\d+),<3\.(\d+)"', (ROOT / "pyproject.toml").read_text())
    assert found is not None
    assert f"Python 3.{found[1]} to 3.{int(found[2]) - 1}" in README
    assert (3, int(found[1])) <= sys.version_info[:2] < (3, int(found[2]))
