"""What events said of groups and which names they brought: found before they go, and made anew from those that stay."""

from contextlib import AbstractContextManager

from analytics_pipelines.catalog.names import seen_names
from analytics_pipelines.erasures.victims import Victims
from analytics_pipelines.faults import hit
from analytics_pipelines.groups.taker import named_groups, record_named

# How far off the number of events with a name may be, which is an estimate beyond some hundred.
_SKETCH = 1.1

_MEANT = "(SELECT * FROM events WHERE (team_id, uuid) IN (SELECT team_id, uuid FROM {events}))"


def note_groups(victims: Victims) -> None:
    """Write down the groups that the events name which are about to go."""
    subject = victims.erasure.subject
    if subject is not None and subject.kind == "group":
        victims.add_groups([(subject.group_type, subject.group_key)])
    with _named(victims, _MEANT.format(**victims.tables)) as named:
        victims.clickhouse.insert(
            f"INSERT INTO {victims.tables['groups']} SELECT DISTINCT team_id, type, key FROM {named}"
        )


def record_groups_again(victims: Victims) -> None:
    """Record these groups as the events say that stayed; from then on they are none of those that go.

    Their rows went before.
    """
    groups = victims.tables["groups"]
    if not victims.count("groups"):
        return
    source = (
        "(SELECT * FROM events WHERE team_id = {team:Int64} AND (event = '$groupidentify'"
        f" OR hasAny(mapValues(groups), (SELECT groupArray(key) FROM {groups}))))"
    )
    with _named(victims, source) as named:
        victims.clickhouse.command(
            f"ALTER TABLE {named} DELETE WHERE (team_id, type, key) NOT IN (SELECT team_id, type, key FROM {groups})"
        )
        record_named(named, "group_facts", victims.clickhouse)
        hit("erasures.after_groups_again")
        victims.clickhouse.command(
            f"ALTER TABLE {groups} DELETE WHERE (team_id, type, key) IN"
            f" (SELECT team_id, type, key FROM `{victims.clickhouse.database}`.{named})",
            settings={"mutations_sync": 2},
        )


def note_names(victims: Victims) -> None:
    """Write down names of events and properties that few others can have brought than the events about to go."""
    with _seen(victims, _MEANT.format(**victims.tables)) as seen:
        victims.clickhouse.insert(
            f"INSERT INTO {victims.tables['names']}"
            " SELECT team_id, kind, group_type_index, name FROM"
            " (SELECT team_id, kind, group_type_index, name, uniqCombined64Merge(13)(events) AS going"
            f"  FROM {seen} GROUP BY team_id, kind, group_type_index, name) AS ours"
            " INNER JOIN"
            " (SELECT team_id, kind, group_type_index, name, uniqCombined64Merge(13)(events) AS known"
            "  FROM sightings WHERE NOT is_other GROUP BY team_id, kind, group_type_index, name) AS listed"
            " USING (team_id, kind, group_type_index, name)"
            f" WHERE known <= going * {_SKETCH}"
        )


def keep_names(victims: Victims) -> None:
    """Of these names, those that an event still brings stay. The events went before."""
    names = victims.tables["names"]
    if not victims.count("names"):
        return
    source = (
        f"(SELECT * FROM events WHERE team_id = {{team:Int64}} AND (event IN (SELECT name FROM {names})"
        f" OR multiSearchAny(properties, (SELECT groupArray(name) FROM {names}))))"
    )
    with _seen(victims, source) as seen:
        victims.clickhouse.command(
            f"ALTER TABLE {names} DELETE WHERE (team_id, kind, group_type_index, name) IN"
            f" (SELECT team_id, kind, group_type_index, name FROM `{victims.clickhouse.database}`.{seen})",
            settings={"mutations_sync": 2},
        )


def _named(victims: Victims, source: str) -> AbstractContextManager[str]:
    """A table of the groups that the events of `source` name."""
    return named_groups(source, f"erasing_{victims.erasure.id}", victims.clickhouse, victims.parameters)


def _seen(victims: Victims, source: str) -> AbstractContextManager[str]:
    """A table of the names that the events of `source` bring."""
    return seen_names(source, f"erasing_{victims.erasure.id}", victims.clickhouse, victims.parameters)
