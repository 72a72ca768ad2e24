"""What is wrong in projects now, as Postgres knows it: destinations, exports, erasures, insights and cohorts."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, LiteralString

from analytics_pipelines.alarms.messages import Trouble, destination_is_parked, first_line
from analytics_pipelines.webhooks.queue import parked_destinations
from resources.postgres import Postgres

KINDS = ("destination", "export", "erasure", "insight", "cohort")
# That something came to light of an erased person is told for so long, even if it went again at once.
_SHOWN = timedelta(hours=1)
# An insight that has been failing for longer is known to its people, who look at it or don't.
_NEWLY = timedelta(days=1)

_EXPORTS: LiteralString = """
SELECT e.team_id, e.id, e.name, count(*) AS intervals,
       sum(r.attempts - (r.status = 'Running')::integer)::integer AS count,
       bool_or(r.status = 'Failed') AS for_good,
       (array_agg(r.error ORDER BY r.started_at DESC NULLS LAST) FILTER (WHERE r.error IS NOT NULL))[1] AS error
FROM export_runs r JOIN batch_exports e ON e.id = r.export_id
WHERE NOT e.deleted AND NOT e.paused AND r.status IN ('Running', 'FailedRetryable', 'Failed')
  AND (r.error IS NOT NULL OR r.attempts > 2)
GROUP BY e.team_id, e.id, e.name ORDER BY e.team_id, e.id
"""
_ERASURES: LiteralString = """
SELECT team_id, id, state = 'failed' AS for_good,
       attempts - (error IS NULL AND state <> 'verified')::integer AS count,
       coalesce(error, 'It is being tried again.') AS error,
       resurfaced_at IS NOT NULL AND resurfaced_at > coalesce(finished_at, '-infinity') AS is_back,
       state = 'verified' AS is_well
FROM erasures
WHERE state <> 'verified' AND (error IS NOT NULL OR attempts > 1 OR state = 'failed')
   OR resurfaced_at > least(coalesce(finished_at, '-infinity'), %(shown)s) ORDER BY id
"""
# Of questions as they are by now, and not for want of the platform.
_INSIGHTS: LiteralString = """
SELECT DISTINCT ON (i.id) i.team_id, i.short_id, coalesce(nullif(i.name, ''), i.derived_name) AS name,
       r.error->>'detail' AS error
FROM insight_results r JOIN insights i ON i.id = r.insight_id AND NOT i.deleted
WHERE r.error IS NOT NULL AND (r.error->>'status')::integer BETWEEN 400 AND 428
  AND r.attempted_at >= i.last_modified_at
  AND (r.attempted_at > %(newly)s OR EXISTS (
      SELECT 1 FROM alarm_incidents a
      WHERE a.team_id = i.team_id AND a.subject = 'insight ' || i.short_id AND a.over_at IS NULL))
ORDER BY i.id, r.attempted_at DESC
"""
_COHORTS: LiteralString = """
SELECT team_id, id, name, errors_calculating AS count, coalesce(last_error, '') AS error
FROM cohorts WHERE errors_calculating > 0 AND NOT deleted ORDER BY id
"""


def troubles(postgres: Postgres, browser_url: str, now: datetime) -> dict[int, list[Trouble]]:
    """By project: a few looks at Postgres, whatever the number of projects."""
    found: dict[int, list[Trouble]] = defaultdict(list)
    for parked in parked_destinations(postgres):
        found[parked.team_id].append(destination_is_parked(parked.team_id, parked.id, parked.error, browser_url))
    times = {"shown": now - _SHOWN, "newly": now - _NEWLY}
    for statement, told in ((_EXPORTS, _export), (_ERASURES, _erasure), (_INSIGHTS, _insight), (_COHORTS, _cohort)):
        for row in postgres.rows(statement, times):
            found[row["team_id"]].append(told(row, browser_url))
    return found


def of_installation(found: dict[int, list[Trouble]]) -> Sequence[Trouble]:
    """Those of which no run that fails tells: its people are told of these, too."""
    return [each for listed in found.values() for each in listed if each.kind in ("destination", "erasure")]


def export_run_failed(
    postgres: Postgres, job: str, export_id: str, error: str, browser_url: str
) -> tuple[int, Trouble] | None:
    """A run of an export that failed before it came to an interval, so that nothing is known of it but the run; and
    its project. None when the export is gone, or paused."""
    row = postgres.row(
        "SELECT team_id, name FROM batch_exports WHERE id::text = %s AND NOT deleted AND NOT paused", [export_id]
    )
    if row is None:
        return None
    path = f"/api/projects/{row['team_id']}/batch_exports/{export_id}/"
    return row["team_id"], Trouble(
        subject=f"run {job} {export_id}",
        title=f"A run of export {_name(row['name'])} of project {row['team_id']} failed",
        what=first_line(error),
        mend=f"Correct what it says (`PATCH {path}`); it is run again by itself.",
        link=f"{browser_url}/project/{row['team_id']}",
    )


def going_exports(postgres: Postgres) -> set[str]:
    """Ids of those that are neither deleted nor paused."""
    return {row["id"] for row in postgres.rows("SELECT id::text FROM batch_exports WHERE NOT deleted AND NOT paused")}


def ingestion_is_stale(team_id: int, browser_url: str) -> Trouble:
    """Events are loaded later than they should be: for the people of a project."""
    return Trouble(
        subject="stale events",
        title=f"Project {team_id} sees no new events",
        what="Events were not loaded for longer than their freshness policy allows.",
        mend="None is lost: they wait in the bucket. Who runs the installation sees why with `analytics doctor`.",
        link=f"{browser_url}/project/{team_id}",
    )


def _export(row: dict[str, Any], browser_url: str) -> Trouble:
    api = f"/api/projects/{row['team_id']}/batch_exports/{row['id']}/runs/"
    again = f"Mend its destination, then `POST {api}<run>/retry/`; `GET {api}` lists what failed."
    return Trouble(
        subject=f"export {row['id']}",
        title=f"Export {_name(row['name'])} of project {row['team_id']} fails",
        what=first_line(row["error"] or "Its runs were broken off.") + f" ({_intervals(row['intervals'])})",
        mend=again if row["for_good"] else f"It is tried again by itself, ever more rarely. {again}",
        link=f"{browser_url}/project/{row['team_id']}",
        count=max(row["count"], 1),
    )


def _erasure(row: dict[str, Any], browser_url: str) -> Trouble:
    """Nothing of it says who was erased."""
    shown = f"`GET /api/projects/{row['team_id']}/erasures/{row['id']}/` shows how far it is."
    if row["is_back"] or row["is_well"]:
        title, what = "had survivors", "Something of what was erased was stored again, as late events are."
        mend = "It went as well." if row["is_well"] else "It is erased by the next run."
    elif row["for_good"]:
        title, what = "failed", row["error"]
        mend = f"`analytics erasures run {row['id']}` tries it again, when what it says is mended."
    else:
        title, what, mend = "was broken off", row["error"], "It is tried again by itself."
    return Trouble(
        subject=f"erasure {row['id']}",
        title=f"Erasure {row['id']} of project {row['team_id']} {title}",
        what=first_line(what),
        mend=f"{mend} {shown}",
        link=f"{browser_url}/project/{row['team_id']}",
        count=max(row["count"], 1),
    )


def _insight(row: dict[str, Any], browser_url: str) -> Trouble:
    return Trouble(
        subject=f"insight {row['short_id']}",
        title=f"Insight {_name(row['name'] or row['short_id'])} of project {row['team_id']} can't be answered",
        what=first_line(row["error"] or ""),
        mend="Open it and correct its question; until then it shows its last answer.",
        link=f"{browser_url}/project/{row['team_id']}/insights/{row['short_id']}",
    )


def _cohort(row: dict[str, Any], browser_url: str) -> Trouble:
    return Trouble(
        subject=f"cohort {row['id']}",
        title=f"Cohort {_name(row['name'])} of project {row['team_id']} can't be calculated",
        what=first_line(row["error"]),
        mend=f"Correct its filters (`PATCH /api/projects/{row['team_id']}/cohorts/{row['id']}/`); it is tried again by "
        "itself, and keeps its old members until then.",
        link=f"{browser_url}/project/{row['team_id']}",
        count=row["count"],
    )


def _name(text: str) -> str:
    """A name on one line, whoever wrote it.

    >>> _name("a \\r\\n b")
    "'a b'"
    """
    return f"'{' '.join(text.split())[:100]}'"


def _intervals(number: int) -> str:
    return "1 interval" if number == 1 else f"{number} intervals"
