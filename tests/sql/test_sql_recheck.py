"""The second wall stands without the first: texts that our printer never makes are refused."""

import pytest

from analytics_pipelines.sql.recheck import UnsafeQuery, recheck
from analytics_pipelines.sql.schema import (
    EVENT_COUNTS_HOURLY,
    EVENTS,
    INTERNAL_SCHEMA,
    PERSON_DISTINCT_IDS,
    PERSONS,
    SCHEMA,
)

GUARD = EVENTS.guarded(["uuid", "event", "timestamp", "created_at", "$browser"])
WITH_PERSON = EVENTS.guarded(["event", "person_id"])
OF_PERSONS = PERSONS.guarded(["id", "properties"])
OF_IDS = PERSON_DISTINCT_IDS.guarded(["distinct_id"])
COUNTS = EVENT_COUNTS_HOURLY.guarded(["people"])
BESIDE = f"(SELECT `_row`.`event` AS `event` FROM {WITH_PERSON} AS `_row` LEFT ANY JOIN (SELECT `b`.`id` AS `_to` "
OF_TEAM = "team_id = {team_id:Int64} AND "
PARAMETERS = {"team_id": 1, "p0": "x"}


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT {p0:String} AS `a`",
        f"SELECT count() AS `n` FROM {GUARD} AS `events`",
        f"SELECT count() AS `n` FROM {EVENTS.guarded([])} AS `events`",
        f"SELECT `events`.`person_id` FROM {WITH_PERSON} AS `events`",
        f"SELECT `a`.`event` FROM {GUARD} AS `a` INNER JOIN {GUARD} AS `b` ON (`a`.`uuid` = `b`.`uuid`)",
        f"SELECT 1 FROM {BESIDE}FROM {OF_PERSONS} AS `b`) AS `_person` ON (1 = 1)) AS `events`",
        f"SELECT `x` FROM {GUARD} AS `e` LEFT ARRAY JOIN array(1) AS `x`",
        "(SELECT 1) EXCEPT ALL (SELECT 2)",
        f"WITH `_cte_1` AS (SELECT count() AS `n` FROM {GUARD} AS `e`) SELECT `x`.`n` FROM `_cte_1` AS `x`",
    ],
)
def test_what_we_print_passes(sql: str) -> None:
    recheck(sql, PARAMETERS)


@pytest.mark.parametrize(
    "sql",
    [
        "",
        "SELECT count() FROM events",
        "SELECT count() FROM `events`",
        "SELECT count() FROM `events` AS `e`",
        "SELECT count() FROM `app`.`events`",
        "SELECT count() FROM app.events",
        "SELECT count() FROM `_cte_x`",
        f"SELECT 1 FROM {GUARD.replace('{team_id:Int64}', '{p0:Int64}')} AS `e`",
        f"SELECT 1 FROM {GUARD.replace(' WHERE team_id = {team_id:Int64}', '')} AS `e`",
        f"SELECT 1 FROM {GUARD.replace('event,', 'event, team_id,')} AS `e`",
        f"SELECT 1 FROM {GUARD.replace('})', '} OR 1)')} AS `e`",
        f"SELECT 1 FROM {GUARD.replace('event,', '(SELECT 1), event,')} AS `e`",
        f"SELECT 1 FROM {GUARD.replace('event,', 'event AS uuid,')} AS `e`",
        f"SELECT 1 FROM {GUARD.replace('`$browser`', '`batch_id`')} AS `e`",
        f"SELECT 1 FROM {WITH_PERSON.replace(OF_TEAM, '')} AS `e`",
        f"SELECT 1 FROM {WITH_PERSON.replace('events.team_id', 'overrides.team_id')} AS `e`",
        f"SELECT 1 FROM {BESIDE}FROM persons AS `b`) AS `_person` ON (1 = 1)) AS `events`",
        "SELECT 1 FROM persons",
        "SELECT 1 FROM person_overrides",
        f"SELECT 1 FROM {OF_PERSONS.replace(' FINAL', '')} AS `p`",
        f"SELECT 1 FROM {OF_PERSONS.replace('persons', 'person_words')} AS `p`",
        f"SELECT 1 FROM {OF_PERSONS.replace('id, ', 'id, version, ')} AS `p`",
        f"SELECT 1 FROM {OF_IDS.replace(' AND is_deleted = 0', '')} AS `p`",
        f"SELECT 1 FROM {OF_IDS.replace('is_deleted = 0', 'is_deleted = 1')} AS `p`",
        f"SELECT 1 FROM {COUNTS} AS `c`",
        f"SELECT uniqExactMerge(`e`.`uuid`) FROM {GUARD} AS `e`",
        f"SELECT 1 FROM {GUARD} AS `e` ARRAY JOIN events AS `x`",
        f"SELECT 1 FROM {GUARD} AS `e` JOIN `events` AS `x`",
        "SELECT 1 EXCEPT events",
        "SELECT number FROM numbers(10)",
        f"SELECT {GUARD}",
        f"SELECT 1 FROM {GUARD} AS `e`, events",
        f"SELECT 1 FROM {GUARD} AS `e` INNER JOIN events ON (1 = 1)",
        "SELECT 1 IN events",
        "SELECT 1 IN `events`",
        "SELECT 1 IN (`events`)",
        "SELECT 1 IN (`app`.`events`)",
        "SELECT file({p0:String})",
        "SELECT sleep(3)",
        "SELECT `a`(1)(2), dictGet({p0:String})",
        "SELECT count",
        "SELECT 'a'",
        'SELECT "a"',
        "SELECT 1; SELECT 2",
        "SELECT 1 SETTINGS max_threads = 1",
        "SELECT 1 FORMAT CSV",
        "SELECT 1 INTO OUTFILE",
        "SELECT 1 -- a",
        "SELECT 1 /* a */",
        "SELECT 1 # a",
        "SELECT 1\n",
        "SELECT {p0:Identifier}",
        "SELECT {p1:String}",
        "SELECT {p0:String} AS `a\\`b`",
        "SELECT (1",
        "SELECT 1)",
        "INSERT",
        "count()",
        "SELECT count(*)",
        "SELECT `e`.*",
        "SELECT $1",
        "SELECT `ü`; ",
        "SELECT ünïcode",
    ],
)
def test_anything_else_is_stopped(sql: str) -> None:
    with pytest.raises(UnsafeQuery):
        recheck(sql, PARAMETERS)


@pytest.mark.parametrize("team_id", [None, "1", True])
def test_a_table_without_a_team_is_stopped(team_id: object) -> None:
    with pytest.raises(UnsafeQuery):
        recheck(f"SELECT 1 FROM {GUARD} AS `e`", {"team_id": team_id})


def test_rollups_are_for_insights_only() -> None:
    sql = f"SELECT uniqExactMerge(`c`.`people`) FROM {COUNTS} AS `c`"
    recheck(sql, PARAMETERS, INTERNAL_SCHEMA)
    with pytest.raises(UnsafeQuery):
        recheck(sql, PARAMETERS, SCHEMA)
