"""Events → what they say of each distinct id: one pass in ClickHouse, rows of ids as bytes for Postgres."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from analytics_pipelines.faults import hit
from analytics_pipelines.persons.statements import for_clickhouse
from resources.clickhouse import ClickHouse, ClickHouseUnavailable

# A result of one block is worked on by one thread from there on: many small ones keep all of them busy.
IN_PARTS = {"max_block_size": 8192, "group_by_two_level_threshold": 1000}


@dataclass(frozen=True)
class Reduction:
    """Rows as Postgres' COPY reads them, in the order of the columns of `sent_ids` and `sent_edges`, and the name of a
    table of the ids of which something was said."""

    ids: bytes
    edges: bytes
    words: str


@contextmanager
def reduced(source: str, name: str, clickhouse: ClickHouse, *, every_id: bool = False) -> Iterator[Reduction]:
    """Reduce the events of `source`, what may stand behind FROM; `name` makes the tables' names its own.

    Ids of which the store knows all that is new are left out unless `every_id`.

    What is learnt of ids' usage and what is said of persons is stored in ClickHouse on the way; doing so again changes
    nothing.
    """
    names = {table: f"persons_{table}_{name}" for table in ("usage", "edges", "words", "touched")}

    def drop() -> None:
        clickhouse.command(f"DROP TABLE IF EXISTS {', '.join(names.values())}")

    drop()
    try:
        deletions = clickhouse.query("SELECT count() FROM person_deletions").one()[0]
        for table in ("usage", "edges", "words"):
            statement = for_clickhouse(
                f"reduce_{table}", source=_source(source, deletions), kept=_kept(deletions), **names
            )
            clickhouse.command(statement, settings=IN_PARTS)
        hit("persons.after_reduce")
        clickhouse.insert(for_clickhouse("note_usage", **names))
        hit("persons.after_usage")
        clickhouse.insert(for_clickhouse("note_words", **names))
        hit("persons.after_words")
        clickhouse.command(for_clickhouse("touch", every_id="true" if every_id else "false", **names))
        yield Reduction(
            ids=clickhouse.read(for_clickhouse("send_ids", **names)),
            edges=clickhouse.read(for_clickhouse("send_edges", **names)),
            words=names["words"],
        )
    finally:
        with suppress(ClickHouseUnavailable):  # then the tables are gone with its memory
            drop()


def _source(source: str, deletions: int) -> str:
    if not deletions:
        return source
    return (
        f"(SELECT event.*, deletions.deleted_at AS deleted_at FROM {source} AS event LEFT JOIN"
        " (SELECT team_id, distinct_id, max(person_deletions.deleted_at) AS deleted_at FROM person_deletions"
        " GROUP BY team_id, distinct_id) AS deletions"
        " ON deletions.team_id = event.team_id AND deletions.distinct_id = event.distinct_id)"
    )


def _kept(deletions: int) -> str:
    return "received_at > deleted_at" if deletions else "true"
