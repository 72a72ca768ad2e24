"""`analytics …`: the table of verbs, and how a Problem looks in a terminal."""

import importlib
import logging
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from analytics_pipelines.problems import Fault, Problem

# name → module:command; imported when used, since Dagster's and ClickHouse's clients take seconds to import
_VERBS = {
    "start": "start:start",
    "status": "status:status",
    "doctor": "doctor:doctor",
    "flush": "events:flush",
    "demo": "demo:demo",
    "import": "imports:import_command",
    "replay": "replay:replay",
    "sql": "events:sql",
    "retention": "retention:retention",
    "persons": "persons:persons",
    "erasures": "erasures:erasures",
    "dashboards": "dashboards:dashboards",
    "exports": "exports:exports",
    "project": "projects:project",
    "key": "accounts:key",
    "login-link": "accounts:login_link",
    "alarms": "alarms:alarms",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "migrate": "migrate:migrate",
    "completion": "completion:completion",
    "version": "version:version",
}


class LazyGroup(click.Group):
    """Imports a verb's module when the verb is used or shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _VERBS:
            return None
        module, attribute = _VERBS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(f"analytics_pipelines.cli.{module}"), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it warns of each try while Postgres is away
        try:
            return super().invoke(ctx)
        except Problem as problem:
            _tell(problem)
        except Fault as fault:
            _tell(Problem(f"{str(fault).rstrip('.')}.", "`analytics doctor` says what is away, and how to mend it."))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = _near(args[0])
            hint = f" Did you mean `analytics {near}`?" if near else ""
            raise click.UsageError(error.message + hint, ctx) from None


def _tell(problem: Problem) -> NoReturn:
    click.echo(f"{click.style('✗', fg='red')} {problem.cause}", err=True)
    if problem.mend:
        click.echo(f"  {problem.mend}", err=True)
    sys.exit(1)


def _near(word: str) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, _VERBS, 1)), None)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def cli() -> None:
    """Product analytics that you own.

    \b
    Begin with:
      analytics start          run everything on this machine
      analytics demo           load a shop to look at
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """The console script."""
    cli.main(args=list(arguments) if arguments is not None else None, prog_name="analytics")
