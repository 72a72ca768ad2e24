"""Options that several verbs share."""

from pathlib import Path

import click

data_dir = click.option(
    "--data-dir",
    type=click.Path(path_type=Path),
    help="The data folder (ANALYTICS_DATA_DIR; default ./.analytics).",
)

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


def example(*lines: str) -> str:
    """The `--help` epilog of a verb."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)
