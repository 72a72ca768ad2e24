"""The ledger after an erasure: of each batch as many lines and rows as are left."""

from analytics_pipelines.erasures.victims import Victims
from analytics_pipelines.ingest.ledger import COUNTED
from resources.postgres import Postgres


def settle_batches(victims: Victims, postgres: Postgres) -> None:
    """Write down how many rows the batches have by now; as many lines fewer are theirs as there are fewer rows.

    Doing it again changes nothing. The caller has stopped loading.
    """
    batches, clickhouse = victims.tables["batches"], victims.clickhouse
    ids = [str(each) for each in victims.batches()]
    counts = {
        column: {
            str(batch): int(rows)
            for batch, rows in clickhouse.query(
                f"SELECT batch_id, count() FROM {table}"
                f" WHERE arrival_day IN (SELECT arrival_day FROM {batches})"
                f" AND batch_id IN (SELECT batch_id FROM {batches}) GROUP BY batch_id"
            ).rows
        }
        for table, column in COUNTED.items()
    }
    postgres.execute(
        "UPDATE ingest_batches AS batch SET events = c.events, dead_letters = c.dead_letters, dropped = c.dropped,"
        " lines = c.events + c.dead_letters + c.dropped + duplicates"
        " FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[]) AS c (id, events, dead_letters, dropped)"
        " WHERE batch.id = c.id AND batch.state = 'loaded'",
        [ids, *([counts[column].get(each, 0) for each in ids] for column in ("events", "dead_letters", "dropped"))],
    )
