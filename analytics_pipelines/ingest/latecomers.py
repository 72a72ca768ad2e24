"""Events of a batch that was visible before and that become visible later, as dead letters do that are events by now:
followers are told of them, and of nothing that was stored before.

What is new is found and written down before anything is stored: who is broken off and comes again finds it stored, and
could not tell it from what was stored all along.
"""

from collections import defaultdict
from collections.abc import Iterator
from uuid import UUID

from psycopg.types.json import Jsonb

from analytics_pipelines.ingest.ledger import Batch
from analytics_pipelines.ingest.staged import Staged
from analytics_pipelines.ingest.staging import sql_of
from analytics_pipelines.ingest.stored import find_stored
from analytics_pipelines.ingest.visible import IS_FOLLOWED, numbers_wait
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# A follower's statement names so many uuids.
MOST_UUIDS = 2000


def plan(staged: Staged, token: str, clickhouse: ClickHouse, postgres: Postgres) -> None:
    """Write down which events of the staged lines are stored nowhere yet; for lines of that token only once."""
    if not postgres.row(
        f"SELECT 1 WHERE {IS_FOLLOWED} AND NOT EXISTS (SELECT 1 FROM readmissions WHERE batch_id = %s AND token = %s)",
        [staged.batch_id, token],
    ):
        return
    find_stored(staged, clickhouse)
    found = defaultdict(list)
    for team_id, uuid in clickhouse.query(sql_of("not_stored", staged)).rows:
        found[team_id].append(str(uuid))
    postgres.execute(
        "INSERT INTO readmissions (batch_id, token, uuids) VALUES (%s, %s, %s)", [staged.batch_id, token, Jsonb(found)]
    )


def note_visible(batch: Batch, postgres: Postgres) -> None:
    """What was planned of the batch can be read by now."""
    with postgres.transaction() as connection:
        numbers_wait(connection)
        plans = connection.execute(
            "DELETE FROM readmissions WHERE batch_id = %s RETURNING uuids", [batch.id]
        ).fetchall()
        teams: dict[int, dict[UUID, None]] = defaultdict(dict)
        for row in plans:
            for team_id, uuids in row["uuids"].items():
                teams[int(team_id)] |= dict.fromkeys(map(UUID, uuids))
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO visible_batches (batch_id, arrival_hour, team_id, uuids) VALUES (%s, %s, %s, %s)",
                [
                    (batch.id, batch.hour, team_id, uuids)
                    for team_id, all_ in sorted(teams.items())
                    for uuids in _in_parts(list(all_))
                ],
            )


def _in_parts(uuids: list[UUID]) -> Iterator[list[UUID]]:
    for start in range(0, len(uuids), MOST_UUIDS):
        yield uuids[start : start + MOST_UUIDS]
