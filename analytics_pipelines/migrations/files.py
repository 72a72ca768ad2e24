"""Migration files: numbered SQL, read in order, known by their checksum. Pure but for reading the package's files."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

from jinja2 import Environment, StrictUndefined

from analytics_pipelines.problems import Problem

Store = Literal["postgres", "clickhouse"]

_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_STATEMENT_END = re.compile(r";[ \t]*(?:\n|\Z)")
_COMMENT_LINES = re.compile(r"^\s*--.*$", re.MULTILINE)


@dataclass(frozen=True)
class Migration:
    """One file. `checksum` is the SHA-256 of its text as it stands in the package."""

    version: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def read_migrations(store: Store) -> list[Migration]:
    """All migrations of one store in order; versions count from 1 without a gap."""
    found = []
    for file in (files("analytics_pipelines") / "migrations" / store).iterdir():
        match = _NAME.fullmatch(file.name)
        if match:
            found.append(Migration(int(match[1]), file.name.removesuffix(".sql"), file.read_text()))
    found.sort(key=lambda migration: migration.version)
    if [migration.version for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations of {store} have gaps or doubles: {[m.name for m in found]}")
    return found


def pending(available: Sequence[Migration], applied: Mapping[int, str], store: Store) -> list[Migration]:
    """What is still to be applied, given `applied` (version → checksum).

    Raises Problem when the store was made by a newer release (no downgrade), or a file changed after it was applied.
    """
    newest = max((migration.version for migration in available), default=0)
    if applied and max(applied) > newest:
        raise Problem(
            f"{store} was migrated to version {max(applied)} by a newer release; this one knows {newest}.",
            "Use the newer release again, or restore the backup that was made before the upgrade.",
        )
    for migration in available:
        if applied.get(migration.version, migration.checksum) != migration.checksum:
            raise Problem(
                f"Migration {migration.name} of {store} is not the one that was applied.",
                "Put the released file back; changes go into a new migration.",
            )
    return [migration for migration in available if migration.version not in applied]


def statements(sql: str) -> list[str]:
    """The statements of a file: each ends with a semicolon at the end of a line."""
    parts = (_COMMENT_LINES.sub("", part).strip() for part in _STATEMENT_END.split(sql))
    return [part for part in parts if part]


def render_clickhouse(text: str, cluster: str | None) -> str:
    """A ClickHouse file for one server, or for a cluster: Replicated tables with Distributed ones over them.

    In the files `stored('t')` names the table that holds the rows, `engine('MergeTree', …)` is its engine, and
    `distributed('t', by='…')` makes the table that questions see where that is another one.
    """
    on_cluster = f"ON CLUSTER '{cluster}'" if cluster else ""

    def stored(table: str) -> str:
        return f"{table}_local {on_cluster}" if cluster else table

    def engine(name: str, *arguments: str) -> str:
        if not cluster:
            return f"{name}({', '.join(arguments)})" if arguments else name
        where = ("'/clickhouse/tables/{shard}/{database}/{table}'", "'{replica}'")
        return f"Replicated{name}({', '.join([*where, *arguments])})"

    def distributed(table: str, *, by: str) -> str:
        if not cluster:
            return ""
        return (
            f"CREATE TABLE IF NOT EXISTS {table} {on_cluster} AS {table}_local\n"
            f"ENGINE = Distributed('{cluster}', currentDatabase(), '{table}_local', {by});"
        )

    environment = Environment(undefined=StrictUndefined, autoescape=False)  # noqa: S701  SQL, not HTML
    template = environment.from_string(text)
    return template.render(stored=stored, engine=engine, distributed=distributed, on_cluster=on_cluster)
