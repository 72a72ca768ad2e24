"""Every table that may hold something of a person, and which of its rows are one's. A test holds the list against the
migrations, so that a table that comes later is covered or excused by name.

Conditions of ClickHouse are over the tables of `Victims`, those of Postgres over parameters: ids stand in no text of a
statement.
"""

from dataclasses import dataclass
from typing import LiteralString


@dataclass(frozen=True)
class Place:
    """A table of ClickHouse. `mine`: the rows that go with a person, a group or events.

    `days`: no row is deleted, but days are made anew from the events that stay. `excuse`: why it holds nothing of
    anyone. Of a project all rows go, unless the table is `shared`.
    """

    table: str
    mine: str = ""
    days: bool = False
    shared: bool = False
    excuse: str = ""


_IS_ID = "(team_id, distinct_id) IN (SELECT team_id, distinct_id FROM {ids})"
_IS_EVENT = "(team_id, uuid) IN (SELECT team_id, uuid FROM {events})"
_IN_TIME = "received_at <= fromUnixTimestamp64Milli({until_ms})"
_IS_PERSON = "(team_id, person_id) IN (SELECT team_id, person_id FROM {persons})"
# What was known before of a person who stays.
_IS_OLD = (
    "(team_id, id) IN (SELECT team_id, person_id FROM {others}) AND version <= (SELECT max(version) FROM {others})"
    " AND (team_id, id, version) NOT IN"
    " (SELECT team_id, id, max(version) FROM {database}.persons"
    " WHERE (team_id, id) IN (SELECT team_id, person_id FROM {others}) GROUP BY team_id, id)"
)
_NAMES_ID = f"({_IS_ID} OR (team_id, named_after) IN (SELECT team_id, distinct_id FROM {{ids}}))"

CLICKHOUSE = (
    Place("events", f"({_IS_EVENT} AND {_IN_TIME})"),
    Place("dead_letters", "(arrival_day, batch_id, MD5(line)) IN (SELECT arrival_day, batch_id, hash FROM {letters})"),
    Place("ingestion_warnings", f"(({_IS_EVENT} OR {_IS_ID}) AND {_IN_TIME})"),
    Place("distinct_id_usage", _IS_ID),
    Place("person_words", _IS_ID),
    Place("person_distinct_ids", _IS_ID),
    Place("person_members", f"({_IS_ID} OR {_IS_PERSON})"),
    Place("persons", f"((team_id, id) IN (SELECT team_id, person_id FROM {{persons}}) OR {_IS_OLD})"),
    Place("person_overrides", _IS_ID),
    Place("person_deletions", _IS_ID),
    Place("squashed_ids", _NAMES_ID),
    Place("squash_snapshot", _NAMES_ID),
    Place("cohort_people", _IS_PERSON),
    Place("group_facts", "(team_id, type, key) IN (SELECT team_id, type, key FROM {groups})"),
    Place("sightings", "(team_id, kind, group_type_index, name) IN (SELECT * FROM {names})"),
    Place("event_counts_hourly", days=True),
    Place("active_people_daily", days=True),
    Place("sessions", days=True),
    Place("web_stats_daily", days=True),
    Place("group_types", excuse="the names of kinds of groups"),
    Place("dropped_events", excuse="names of events that were not stored, and their numbers"),
    Place("persons_published", shared=True, excuse="one number"),
)


@dataclass(frozen=True)
class Table:
    """A table of Postgres. `mine` and `project`: conditions of the rows that go with ids, and with a project.

    Parameters are `team`, `ids`, `until`, and `uuids`, those of the events that stand in `webhook_…`. `excuse`: why
    nothing of a person stands there.
    """

    name: str
    mine: LiteralString = ""
    project: LiteralString = ""
    excuse: str = ""


_OF_TEAM: LiteralString = "team_id = %(team)s"
_TEAMS_ID: LiteralString = "team_id = %(team)s AND distinct_id = ANY(%(ids)s)"
_TEAMS_EVENT: LiteralString = "team_id = %(team)s AND event_uuid = ANY(%(uuids)s)"
_WRITTEN = "what people of the project wrote, in their own words"

POSTGRES = (
    Table(
        "merge_denials",
        "team_id = %(team)s AND uuid IN (SELECT uuid FROM merge_log WHERE team_id = %(team)s"
        " AND (target = ANY(%(ids)s) OR other = ANY(%(ids)s)) AND received_at <= %(until)s)",
        _OF_TEAM,
    ),
    Table(
        "merge_log",
        "team_id = %(team)s AND (target = ANY(%(ids)s) OR other = ANY(%(ids)s)) AND received_at <= %(until)s",
        _OF_TEAM,
    ),
    Table("distinct_ids", _TEAMS_ID, _OF_TEAM),
    Table("person_moves", _TEAMS_ID, _OF_TEAM),
    Table("ids_to_rebuild", _TEAMS_ID, _OF_TEAM),
    Table(
        "static_cohort_ids",
        "distinct_id = ANY(%(ids)s) AND cohort_id IN (SELECT id FROM cohorts WHERE team_id = %(team)s)",
        "cohort_id IN (SELECT id FROM cohorts WHERE team_id = %(team)s)",
    ),
    Table(
        "insight_results",
        "insight_id IN (SELECT id FROM insights WHERE team_id = %(team)s)",
        "insight_id IN (SELECT id FROM insights WHERE team_id = %(team)s)",
    ),
    # Keys are hashes that tell no project: all answers are computed once more.
    Table("query_cache", "true", "true"),
    Table("query_runs", "team_id = %(team)s AND finished_at IS NOT NULL", _OF_TEAM),
    Table("webhook_deliveries", _TEAMS_EVENT, _OF_TEAM),
    Table("webhook_failures", _TEAMS_EVENT, _OF_TEAM),
    Table("webhook_destinations", project=_OF_TEAM, excuse=_WRITTEN),
    Table("batch_exports", project=_OF_TEAM, excuse=f"{_WRITTEN}; what they wrote is written again"),
    Table("export_runs", project=_OF_TEAM, excuse="numbers"),
    Table("export_backfills", project=_OF_TEAM, excuse="moments"),
    Table("outdated_names", project=_OF_TEAM, excuse="a number"),
    Table("dirty_days", project=_OF_TEAM, excuse="days"),
    Table("data_versions", project=_OF_TEAM, excuse="one number a project"),
    Table("group_types", project=_OF_TEAM, excuse="the names of kinds of groups"),
    Table("event_usage", project="project_id = %(team)s", excuse="numbers of events"),
    Table("imports", project="project_id = %(team)s", excuse="names and hashes of files; the files are not kept"),
    Table("projects", project="id = %(team)s", excuse=_WRITTEN),
    Table("api_keys", project="project_id = %(team)s", excuse="hashes of keys"),
    Table("property_types", project=_OF_TEAM, excuse="names of properties, as people set their types"),
    Table("actions", project=_OF_TEAM, excuse=_WRITTEN),
    Table("cohorts", project=_OF_TEAM, excuse=_WRITTEN),
    Table("insights", project=_OF_TEAM, excuse=_WRITTEN),
    Table("dashboards", project=_OF_TEAM, excuse=_WRITTEN),
    Table(
        "dashboard_tiles",
        project="dashboard_id IN (SELECT id FROM dashboards WHERE team_id = %(team)s)",
        excuse=_WRITTEN,
    ),
    Table("query_slots", project=_OF_TEAM, excuse="who is answered now"),
    Table("erasures", excuse="what is meant goes when it is verified; hashes and numbers stay"),
    Table("organizations", excuse="who runs the platform"),
    Table("users", excuse="who runs the platform"),
    Table("memberships", excuse="who runs the platform"),
    Table("login_links", excuse="who runs the platform"),
    Table("browser_sessions", excuse="who runs the platform"),
    Table("installation_secrets", excuse="secrets of the installation"),
    Table("ingest_batches", excuse="numbers"),
    Table("ingest_objects", excuse="names of objects"),
    Table("ingest_watermark", excuse="one moment"),
    Table("replays", excuse="days"),
    Table("replay_batches", excuse="numbers"),
    Table("replay_objects", excuse="names of objects"),
    Table("rollup_watermark", excuse="days"),
    Table("visible_batches", excuse="numbers, and uuids of events until they are looked for"),
    Table("readmissions", excuse="uuids of events while they are stored"),
    Table("alarm_incidents", project=_OF_TEAM, excuse="what is wrong in the installation, and in projects"),
    Table("compacted_hours", excuse="hours"),
    Table("restored_backups", excuse="when the installation was restored"),
    Table("expiries", excuse="days and numbers"),
    Table("expired_recordings", excuse="days"),
    Table("raw_replacements", excuse="names of objects"),
    Table("raw_moved_objects", excuse="names of objects"),
)
