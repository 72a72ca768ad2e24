"""`analytics completion`."""

import click
from click.shell_completion import get_completion_class

from analytics_pipelines.cli.options import example


@click.command(epilog=example('eval "$(analytics completion bash)"'))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the code that makes your shell complete `analytics` commands."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101  the argument's choices
    click.echo(kind(context.find_root().command, {}, "analytics", "_ANALYTICS_COMPLETE").source())
