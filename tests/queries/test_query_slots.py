"""Slots of questions, beside what else takes locks of Postgres."""

from datetime import timedelta

import pytest

from analytics_pipelines.ingest.locks import LOAD, LOCK_CLASS, RELAY, REPLAY, held
from analytics_pipelines.queries.slots import Slots
from resources.postgres import Postgres, count_locks

pytestmark = pytest.mark.engines


@pytest.mark.parametrize(("project", "lock"), [(1, RELAY), (2, LOAD), (3, REPLAY)])
def test_a_question_neither_waits_for_ingestion_nor_is_taken_for_its_successor(
    postgres: Postgres, project: int, lock: int
) -> None:
    assert project == lock
    asker = Postgres(f"{postgres.url}?options=-c%20lock_timeout%3D2s")
    slots = Slots(asker, {"api": 1, "app": 1}, wait=timedelta(seconds=1), lease=timedelta(minutes=1))
    with postgres.session() as session, held(session, lock), slots.taken(project, "api"):
        assert count_locks(session, LOCK_CLASS, lock, granted=False) == 0
    asker.close()
