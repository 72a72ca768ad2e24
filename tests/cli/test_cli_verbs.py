"""The table of verbs: help, typos, completion, version."""

import json
from typing import Any

import click
import pytest

from analytics_pipelines.cli.main import cli


def verbs(group: click.Group = cli, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], click.Command]]:
    """Every verb and every verb of a verb."""
    found: list[tuple[tuple[str, ...], click.Command]] = []
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None, name
        if isinstance(command, click.Group):
            found += verbs(command, (*path, name))
        else:
            found.append(((*path, name), command))
    return found


@pytest.mark.parametrize("path", [path for path, _ in verbs()], ids=" ".join)
def test_every_verb_explains_itself_with_an_example(analytics: Any, path: tuple[str, ...]) -> None:
    for flag in ("--help", "-h"):
        found = analytics(*path, flag)
        assert found.exit_code == 0
        assert "Example:" in found.stdout
        assert f"analytics {' '.join(path)}" in found.stdout.split("Example:")[1]


@pytest.mark.parametrize(("path", "command"), verbs(), ids=[" ".join(path) for path, _ in verbs()])
def test_every_option_says_what_it_does(path: tuple[str, ...], command: click.Command) -> None:
    assert command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option) and parameter.opts != ["--format"]:
            assert parameter.help, f"{path} {parameter.opts}"


def test_every_verb_is_listed_with_what_it_does(analytics: Any) -> None:
    for arguments in ((), ("--help",)):
        found = analytics(*arguments)
        assert all(f"  {path[0]} " in found.output for path, _ in verbs())
    assert "--json" not in analytics("--help").stdout


@pytest.mark.parametrize(
    ("typed", "meant"), [("stauts", "status"), ("flsh", "flush"), ("migrat", "migrate"), ("projects", "project")]
)
def test_a_typo_gets_a_suggestion(analytics: Any, typed: str, meant: str) -> None:
    found = analytics(typed)
    assert found.exit_code == 2
    assert f"Did you mean `analytics {meant}`?" in found.stderr


def test_nonsense_gets_none(analytics: Any) -> None:
    found = analytics("xyzzy")
    assert found.exit_code == 2
    assert "Did you mean" not in found.stderr
    assert "xyzzy" in found.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_code_for_the_shell(program: Any, shell: str) -> None:
    found = program("completion", shell)
    assert found.returncode == 0
    assert "_ANALYTICS_COMPLETE" in found.stdout
    assert found.stderr == ""


def test_completion_knows_no_other_shell(analytics: Any) -> None:
    assert analytics("completion", "tcsh").exit_code == 2


def test_the_version_is_told_to_people_and_programs(analytics: Any) -> None:
    found = json.loads(analytics("version", "--json").stdout)
    assert set(found) >= {"analytics-pipelines", "python", "dagster", "clickhouse-connect"}
    assert all(isinstance(number, str) and number for number in found.values())
    assert found["python"] in analytics("version").stdout
