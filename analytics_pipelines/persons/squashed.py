"""Ids that a squash made look like another, and that are told apart again."""

from analytics_pipelines.faults import hit
from analytics_pipelines.persons.lock import next_version
from analytics_pipelines.persons.statements import for_clickhouse
from resources.clickhouse import ClickHouse
from resources.postgres import Connection

# In the rows of events: uuid5 of the namespace and "team:distinct_id", as in `ingest/sql/stage.sql`.
OWN_PERSON = (
    "toUUID(UUIDNumToString(toFixedString(concat("
    "substring(SHA1(concat(unhex('932979b465c3442484670b66ec27bc22'), toString(team_id), ':', distinct_id)) AS digest,"
    " 1, 6),"
    " char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 7, 1)), 15), 80)), substring(digest, 8, 1),"
    " char(bitOr(bitAnd(reinterpretAsUInt8(substring(digest, 9, 1)), 63), 128)), substring(digest, 10, 7)), 16)))"
)

# A mutation answers when all replicas have done it.
WAIT = {"mutations_sync": 2}


def part_squashed(connection: Connection, clickhouse: ClickHouse, moved: str) -> None:
    """Have events of ids that no longer belong to the person that they carry carry their own person again; `moved` is a
    table of ids that changed persons.

    The caller holds the locks, so none are written meanwhile; broken off, it is done again.
    """
    if not clickhouse.query("SELECT count() FROM squashed_ids").one()[0]:
        return
    parted = "parted_ids"
    clickhouse.command(f"DROP TABLE IF EXISTS {parted}")
    clickhouse.command(for_clickhouse("parted", parted=parted, moved=moved))
    if clickhouse.query(f"SELECT count() FROM {parted}").one()[0]:
        these = f"(team_id, distinct_id) IN (SELECT team_id, distinct_id FROM `{clickhouse.database}`.{parted})"
        clickhouse.command(f"ALTER TABLE events UPDATE person_id = {OWN_PERSON} WHERE {these}", settings=WAIT)
        hit("persons.after_parting")
        # not to be written into events by a squash that is under way
        clickhouse.command(f"ALTER TABLE squash_snapshot DELETE WHERE {these}", settings=WAIT)
        clickhouse.insert(
            "INSERT INTO squashed_ids (team_id, distinct_id, person_id, named_after, version)"
            f" SELECT team_id, distinct_id, {OWN_PERSON}, distinct_id, {next_version(connection)} FROM {parted}"
        )
        hit("persons.after_parted")
    clickhouse.command(f"DROP TABLE IF EXISTS {parted}")
