"""The statements of a replay, read from `sql/replay/`."""

from functools import cache
from importlib.resources import files


@cache
def _file(name: str) -> str:
    return (files(__package__) / "sql" / "replay" / f"{name}.sql").read_text()


def replay_statement(name: str, **names: object) -> str:
    """The text of `sql/replay/<name>.sql` with the names of its tables put in."""
    return _file(name).format(**names)
