"""What a batch says of names: which events and properties there are, in how many events, and of what type."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import MappingProxyType

from analytics_pipelines.catalog.statements import statement
from analytics_pipelines.faults import hit
from analytics_pipelines.ingest.staged import Staged
from resources.clickhouse import ClickHouse, ClickHouseUnavailable
from resources.postgres import Postgres

# Names of properties that a project may have in its catalog, and as many names of events: beyond them lists are of no
# use to people, and a hostile sender could fill the disk with them.
MOST_NAMES = 10_000

# Characters; longer names are counted among the others.
LONGEST_NAME = 200

# What a text that is a moment looks like, in JSON: 2026-11-23, 2026-11-23T10:30:00.5Z, 2026-11-23 10:30:00+0100.
_MOMENT = (
    '^"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])'
    '([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?( ?(Z|[+-][0-9]{2}:?[0-9]{2}))?)?"$'
)

# A batch must become one part, which is stored whole or not at all: what is listed decides what there is room for.
_ONE_BLOCK = {
    "max_insert_threads": 1,
    "min_insert_block_size_rows": 1 << 40,
    "min_insert_block_size_bytes": 1 << 40,
}

# A flood of names must not fill the memory and stop the load: of more than this in one batch, the rest waits until it
# is sent again.
_BOUNDED: Mapping[str, int | str] = {"max_rows_to_group_by": 500_000, "group_by_overflow_mode": "any"}

_TABLES = ("shapes", "seen", "listed")


def take_catalog(staged: Staged, clickhouse: ClickHouse, postgres: Postgres, most_names: int = MOST_NAMES) -> None:
    """Record the names that the batch's events bring. Kinds of groups must be numbered before (`take_groups`).

    Taking a batch again changes nothing. Below `most_names` the order of batches makes no difference; beyond it, who
    came first is listed. Raises ClickHouseUnavailable, ClickHouseRefused.
    """
    with _gathered(staged.published, staged.batch_id.hex, "sightings", clickhouse, most_names) as run:
        run("record_sightings", {"sightings": "sightings"}, _ONE_BLOCK)
        hit("catalog.after_record")
        run("warn_of_names", {"batch_id": f"{staged.batch_id}"})


def record_names(source: str, name: str, into: str, clickhouse: ClickHouse) -> None:
    """Record in a table beside `sightings` the names that the events of `source` bring, what may stand behind FROM.

    Names that are listed stay listed; `name` makes the tables' names its own. Raises as `take_catalog`.
    """
    known = f"(SELECT * FROM sightings UNION ALL SELECT * FROM {into})"
    with _gathered(source, name, known, clickhouse, MOST_NAMES) as run:
        run("record_sightings", {"sightings": into}, _ONE_BLOCK)


@contextmanager
def _gathered(
    source: str, name: str, known: str, clickhouse: ClickHouse, most_names: int
) -> Iterator[Callable[..., None]]:
    """The names that events bring, and which of them are listed, in tables in memory; runs statements over them."""
    tables = {each: f"{each}_{name}" for each in _TABLES}
    values = {
        **tables,
        "published": source,
        "known": known,
        "brought": brought(),
        "most_names": most_names,
        "longest_name": LONGEST_NAME,
    }

    def run(
        statement_name: str,
        more: Mapping[str, str] = MappingProxyType({}),
        settings: Mapping[str, int | str] | None = None,
    ) -> None:
        clickhouse.insert(statement(statement_name).format(**values, **more), settings=settings)

    for each, table in tables.items():
        clickhouse.command(f"DROP TABLE IF EXISTS {table}")
        clickhouse.command(statement(f"create_{each}").format(**tables))
    try:
        run("shape_events")
        run("see_names", settings=_BOUNDED)
        run("see_types", settings=_BOUNDED)
        run("list_known")
        run("list_new")
        yield run
    finally:
        with suppress(ClickHouseUnavailable):  # then the tables are gone with its memory
            for table in tables.values():
                clickhouse.command(f"DROP TABLE IF EXISTS {table}")


def brought() -> str:
    """The names that an event brings, as an expression: an array of (kind, kind of group, name, type of the value)."""
    type_of = statement("type_of").format(moment=_MOMENT).strip()
    return statement("brought").format(type_of=type_of).strip()
