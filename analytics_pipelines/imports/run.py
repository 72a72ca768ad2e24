"""One import from its beginning, or from where it was broken off, to its end."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from analytics_pipelines.accounts.projects import Project
from analytics_pipelines.imports.load import Told, load
from analytics_pipelines.imports.plan import Plan
from analytics_pipelines.imports.record import Record
from analytics_pipelines.imports.row_ids import RowIds
from analytics_pipelines.imports.tally import Tally
from analytics_pipelines.imports.writer import Writer, rules_of
from resources.object_store import ObjectStore
from resources.postgres import Postgres


@dataclass(frozen=True)
class Imported:
    """`resumed_at`: so many rows were stored by an earlier try. `finished_at`: when all of it had been imported before;
    then nothing was stored now."""

    tally: Tally
    objects: int = 0
    resumed_at: int = 0
    finished_at: datetime | None = None


def try_out(plan: Plan, project: Project, told: Told) -> Tally:
    """Read the whole file and store nothing. Raises NoEvents, Problem."""
    ids = RowIds(project.id, once=plan.once)
    return load(plan.reader, plan.to_event, ids, rules_of(project), None, once=plan.once, told=told)


def import_file(
    plan: Plan,
    project: Project,
    store: ObjectStore,
    postgres: Postgres,
    now: Callable[[], datetime],
    told: Told,
    *,
    again: bool = False,
    tell_again: bool = False,
) -> Imported:
    """Store what is not stored yet of a file.

    `again`: store all of it once more, as after a loss of the bucket; events that are there stay single.
    `tell_again`: of a file that was imported before, read it to tell its bad rows.
    Raises NoEvents, Problem, StoreUnavailable, PostgresUnavailable.
    """
    record = Record(postgres, project.id, plan.source.digest(), plan.mapping_digest)
    known = record.begin(plan.source.path.name, now(), again=again)
    # A row that lay in the future when the import began is still none when it goes on days later: it was reported.
    plan.moments.judge_as_of(known.started_at)
    if known.tally is not None:
        tally = try_out(plan, project, told) if tell_again else known.tally
        return Imported(tally, resumed_at=known.rows_stored, finished_at=known.finished_at)
    with Writer(store, project, now, lambda rows: record.stored(rows, now())) as writer:
        tally = load(
            plan.reader,
            plan.to_event,
            RowIds(project.id, once=plan.once),
            rules_of(project),
            writer,
            stored_before=known.rows_stored,
            once=plan.once,
            told=told,
        )
    record.finish(tally, now())
    return Imported(tally, writer.objects, known.rows_stored)
