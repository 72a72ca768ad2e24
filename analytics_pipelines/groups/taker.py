"""What a batch says of groups: new kinds are numbered, groups and their properties recorded."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType
from typing import Any

from analytics_pipelines.faults import hit
from analytics_pipelines.groups.statements import statement
from analytics_pipelines.groups.types import GroupTypes, copy_types
from analytics_pipelines.ingest.staged import Staged
from resources.clickhouse import ClickHouse, ClickHouseUnavailable
from resources.postgres import Postgres


def take_groups(staged: Staged, clickhouse: ClickHouse, postgres: Postgres) -> None:
    """Record the groups that the batch's events name.

    Which number a kind gets follows from the order of arrival; all else is the same in any order, and taking a batch
    again changes nothing. Raises ClickHouseUnavailable, ClickHouseRefused, PostgresUnavailable.
    """
    with named_groups(staged.published, staged.batch_id.hex, clickhouse) as named:
        seen = [
            (int(team), str(name)) for team, name in clickhouse.query(statement("first_types").format(named=named)).rows
        ]
        if not seen:
            return
        copy_types(GroupTypes(postgres).assign(seen), clickhouse)
        hit("groups.after_types")
        record_named(named, "group_facts", clickhouse)
        hit("groups.after_record")
        clickhouse.insert(statement("warn_of_types").format(named=named), {"batch_id": str(staged.batch_id)})


def record_groups(source: str, name: str, into: str, clickhouse: ClickHouse) -> None:
    """Record in a table like `group_facts` the groups that the events of `source` name, what may stand behind FROM.

    Kinds have their numbers; `name` makes the table's name its own. Raises ClickHouseUnavailable, ClickHouseRefused.
    """
    with named_groups(source, name, clickhouse) as named:
        record_named(named, into, clickhouse)


def record_named(named: str, into: str, clickhouse: ClickHouse) -> None:
    """Record what a table of `named_groups` holds in one like `group_facts`."""
    clickhouse.insert(statement("record_groups").format(named=named, facts=into))


@contextmanager
def named_groups(
    source: str, name: str, clickhouse: ClickHouse, parameters: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[str]:
    """A table in memory of the groups that the events of `source` name; `name` makes its name its own."""
    named = f"named_groups_{name}"
    clickhouse.command(f"DROP TABLE IF EXISTS {named}")
    clickhouse.command(statement("create_named").format(named=named))
    try:
        clickhouse.insert(statement("name_groups").format(named=named, published=source), parameters)
        yield named
    finally:
        with suppress(ClickHouseUnavailable):  # then the table is gone with its memory
            clickhouse.command(f"DROP TABLE IF EXISTS {named}")
