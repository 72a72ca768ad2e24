"""The statements of erasures, read from `sql/`."""

from functools import cache
from importlib.resources import files


@cache
def _file(name: str) -> str:
    return (files(__package__) / "sql" / f"{name}.sql").read_text()


def statement(name: str, **tables: str) -> str:
    """`sql/<name>.sql` with the names of its tables put in."""
    return _file(name).format(**tables)
