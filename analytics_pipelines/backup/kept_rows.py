"""What is in ClickHouse alone: rows of batches whose raw objects are gone, and what only they told of persons and
names.

While every raw object is there, there is nothing of that kind.
"""

from collections.abc import Iterator, Mapping
from datetime import date

from analytics_pipelines.backup.archive import Archive
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.ingest.shadow import TABLES
from resources.clickhouse import ClickHouse

# By what each is read in parts. Whoever adds the same rows to them once more changes nothing: those of one key become
# one.
LEARNED = {
    "person_words": "distinct_id",
    "distinct_id_usage": "distinct_id",
    "group_facts": "key",
    "sightings": "name",
    "ingestion_warnings": "uuid",
}
_PARTS = 16


def kept_batches(replay: Replay) -> dict[date, list[str]]:
    """Loaded batches some of whose objects are gone from the bucket, by day of arrival."""
    found = {day: sorted(replay.kept(day)) for day in replay.days_of_ledger()}
    return {day: batches for day, batches in sorted(found.items()) if batches}


def members(clickhouse: ClickHouse, kept: Mapping[date, list[str]]) -> Iterator[tuple[str, bytes]]:
    """What the backup holds of these batches: names `clickhouse/<table>/…`, and rows in ClickHouse's own format."""
    if not kept:
        return
    for day, batches in kept.items():
        for batch in batches:
            for table in TABLES:
                rows = clickhouse.read(
                    f"SELECT * FROM {table} WHERE arrival_day = {{day:Date}} AND batch_id = {{batch:UUID}}"
                    " FORMAT Native",
                    {"day": day, "batch": batch},
                )
                yield f"clickhouse/{table}/{batch}", rows
    for table, column in LEARNED.items():
        for part in range(_PARTS):
            where = f"cityHash64({column}) % {_PARTS} = {part}"
            yield f"clickhouse/{table}/{part}", clickhouse.read(f"SELECT * FROM {table} WHERE {where} FORMAT Native")


def put_back(clickhouse: ClickHouse, archive: Archive) -> None:
    """Fill the tables again; may be repeated, as long as nothing else was loaded."""
    names = archive.names("clickhouse/")
    for table in sorted({name.split("/")[1] for name in names}):
        clickhouse.command(f"TRUNCATE TABLE {table}")
    for name in names:
        rows = b"".join(archive.chunks(name))
        if rows:
            clickhouse.insert_stream(f"INSERT INTO {name.split('/')[1]} FORMAT Native", rows)
