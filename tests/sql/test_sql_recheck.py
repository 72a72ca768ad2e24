"""The second wall stands without the first: texts that our printer never makes are refused."""

import pytest

from analytics_pipelines.sql.recheck import UnsafeQuery, recheck
from analytics_pipelines.sql.schema import EVENTS

GUARD = EVENTS.guarded(["uuid", "event", "timestamp", "created_at", "$browser"])
WITH_PERSON = EVENTS.guarded(["event", "person_id"])
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
