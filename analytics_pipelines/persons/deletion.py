"""Persons that people delete. Their events stay until they are erased; what they send later brings them back."""

from datetime import datetime
from uuid import UUID

from analytics_pipelines.faults import hit
from analytics_pipelines.persons.lock import loading_stopped, next_version
from analytics_pipelines.persons.publish import publish
from analytics_pipelines.problems import Problem
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres


def delete_person(postgres: Postgres, clickhouse: ClickHouse, team_id: int, distinct_id: str, now: datetime) -> UUID:
    """Delete the person of this id, with all its ids, and all that was said of it in events received until `now`.

    Returns its id. An event with a person that is received later brings it back: under the same id, with what is said
    of it from then on. Raises Problem when there is no such person.
    """
    with loading_stopped(postgres):
        publish(postgres, clickhouse, now)
        with postgres.transaction() as connection:
            row = connection.execute(
                "SELECT person_id FROM distinct_ids WHERE team_id = %s AND distinct_id = %s", [team_id, distinct_id]
            ).fetchone()
            if row is None:
                raise Problem(
                    f"Project {team_id} has no person with the distinct id {distinct_id!r}.",
                    "Ids whose events were all sent without a person profile have none.",
                )
            person: UUID = row["person_id"]
            connection.execute(
                "UPDATE distinct_ids SET deleted_at = %s, is_erasing = true, is_personful = false, created_at = NULL,"
                " version = %s WHERE team_id = %s AND person_id = %s",
                [now, next_version(connection), team_id, person],
            )
        hit("deletion.after_commit")
        publish(postgres, clickhouse, now)
    return person
