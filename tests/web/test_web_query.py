"""Questions over HTTP: their answers in PostHog's shapes, and hostile ones refused."""

import json
import re
from datetime import datetime
from typing import Any

import pytest

pytestmark = pytest.mark.engines

TRENDS = {
    "kind": "TrendsQuery",
    "series": [{"kind": "EventsNode", "event": "page", "math": "total"}],
    "interval": "day",
    "dateRange": {"date_from": "2026-11-19", "date_to": "2026-11-22"},
}


def test_sql_is_answered_in_rows(site: Any) -> None:
    answer = site.sql("select event, count() as n from events group by event order by event")
    assert answer.status_code == 200
    body = answer.json
    assert body["results"] == [["buy", 1], ["page", 3]]
    assert body["columns"] == ["event", "n"]
    assert body["types"] == [["event", "String"], ["n", "UInt64"]]
    assert (body["limit"], body["limit_applied"], body["hasMore"]) == (100, False, False)
    assert body["error"] is None
    assert body["hogql"].startswith("SELECT")
    assert body["timezone"] == "UTC"
    assert datetime.fromisoformat(body["last_refresh"]).tzinfo


def test_an_answer_without_rows_has_its_columns_all_the_same(site: Any) -> None:
    body = site.sql("select event, timestamp from events where event = 'never'").json
    assert body["results"] == []
    assert [name for name, _ in body["types"]] == body["columns"] == ["event", "timestamp"]


def test_an_answer_that_is_cut_says_so(site: Any) -> None:
    body = site.sql("select a.uuid from events a cross join events b cross join events c cross join events d").json
    assert (len(body["results"]), body["limit_applied"], body["hasMore"]) == (100, True, True)


def test_trends_are_answered_in_series(site: Any) -> None:
    (series,) = site.ask(TRENDS).json["results"]
    assert series["data"] == [0, 2, 1, 0]
    assert series["days"] == ["2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"]
    assert series["labels"] == ["19-Nov-2026", "20-Nov-2026", "21-Nov-2026", "22-Nov-2026"]
    assert (series["count"], series["label"], series["action"]["order"]) == (3, "page", 0)


def test_unique_people_are_counted_once(site: Any) -> None:
    series = [{"kind": "EventsNode", "event": None, "math": "dau"}]
    shown = site.ask({**TRENDS, "series": series, "trendsFilter": {"display": "BoldNumber"}}).json["results"]
    assert shown[0]["aggregated_value"] == 2


def test_every_value_is_valid_json(site: Any) -> None:
    answer = site.sql(
        "select 1/0, -1/0, 0/0, [1/0, 2.5], toDecimal64(1.5, 2), toUUID('0190c1f0-0000-7000-8000-000000000001'),"
        " toDateTime('2026-11-23 10:00:00'), toDate('2026-11-23'), [toDateTime('2026-11-23 10:00:00')],"
        " (1, 'a'), map('a', 1), null, toUInt64(18446744073709551615), 99999999999999999999999999999999999999"
    )
    assert answer.status_code == 200, answer.json
    (row,) = json.loads(answer.data, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))["results"]
    assert row[:4] == [None, None, None, [None, 2.5]]
    assert row[4:6] == ["1.50", "0190c1f0-0000-7000-8000-000000000001"]
    assert row[6:9] == ["2026-11-23T10:00:00+00:00", "2026-11-23", ["2026-11-23T10:00:00+00:00"]]
    assert row[9:12] == [[1, "a"], {"a": 1}, None]
    assert row[12:] == [18446744073709551615, 99999999999999999999999999999999999999]


def test_text_of_any_kind_comes_back_as_it_was(site: Any) -> None:
    for text in (
        "Zürich 😀",
        "a\tb\nc",
        "\\",
        "\\'",
        "{p0:String}",
        "%s",
        "null",
        "\\N",
        "\x00",
        "\u2028",
        "1' or '1'='1",
    ):
        quoted = text.replace("\\", "\\\\").replace("'", "\\'")
        assert site.sql(f"select '{quoted}'").json["results"] == [[text]], repr(text)


def test_times_are_those_of_the_projects_zone(site: Any) -> None:
    site.postgres.execute("UPDATE projects SET timezone = 'Asia/Kolkata' WHERE id = %s", [site.ours.id])
    try:
        body = site.sql("select min(timestamp) from events").json
        assert (body["results"], body["timezone"]) == ([["2026-11-20T15:30:00+05:30"]], "Asia/Kolkata")
    finally:
        site.postgres.execute("UPDATE projects SET timezone = 'UTC' WHERE id = %s", [site.ours.id])


HOSTILE = [
    "",
    ";",
    "--",
    "/* select 1",
    "select",
    "select 'a",
    "select 1; drop table events",
    "select 1 settings max_execution_time = 0",
    "select * from (select 1 settings log_comment = '2')",
    "select 1 format CSV",
    "select 1 into outfile '/tmp/x'",
    "insert into events select * from events",
    "drop table events",
    "alter table events delete where 1",
    "create table t (a Int8) engine = Memory",
    "system shutdown",
    "kill query where 1",
    "explain estimate select * from events",
    "show tables",
    "describe events",
    "set readonly = 0",
    "grant all on *.* to reader",
    "select * from system.tables",
    "select * from system.processes",
    "select * from system.query_log",
    "select * from information_schema.tables",
    "select * from `/etc/passwd`",
    "select * from file('/etc/passwd', 'LineAsString')",
    "select * from url('http://169.254.169.254/', 'LineAsString')",
    "select * from s3('http://127.0.0.1/x')",
    "select * from remote('127.0.0.1', 'system', 'one')",
    "select * from merge('.*')",
    "select * from view(select 1)",
    "select * from numbers(1e12)",
    "select * from python('x')",
    "select * from executable('x', 'TSV', 'a Int8')",
    "select * from {t:Identifier}",
    "select * from schema_migrations",
    "select * from dead_letters",
    "select team_id from events",
    "select batch_id from events",
    "select 1 as team_id from events",
    "select * replace (file('/etc/passwd') as event) from events",
    "select columns('.*') from events",
    "select * from events where event in schema_migrations",
    "with events as (select * from system.one) select team_id from events",
    "select file('/etc/passwd')",
    "select dictGet('d', 'a', 1)",
    "select joinGet('j', 'a', 1)",
    "select getSetting('log_comment')",
    "select currentUser(), hostName(), version()",
    "select sleep(3)",
    "select throwIf(1)",
    "select arrayReduce('sum', [1])",
    "select initializeAggregation('sum', 1)",
    "select eval('1')",
    "select toUUID('x') from events",
    "select toInt64('x') from events",
    "select intDiv(1, 0) from events",
    "select match(event, '(') from events",
    "select range(2000000000) from events",
    "select repeat(event, 100000000000) from events",
    "select '\ud800' from events",
    "select " + "(" * 5000 + "1" + ")" * 5000,
    "select " + "-" * 5000 + "1",
    "select " + "not " * 5000 + "1",
    "select " + "1," * 40_000 + "1",
    "select '" + "a" * 1_000_000 + "'",
    "select * from (" * 500 + "select 1" + ")" * 500,
    "select \x00 from events",
    "select 1 union all select team_id from events",
]
INSIDES = re.compile(r"Traceback|DB::|Stack trace|__table|_cte_|127\.0\.0\.1|/tmp/pytest|\(version |[Ww]hile exec")


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: re.sub(r"[^ -~]", "?", text[:50]))
def test_a_hostile_question_is_refused_in_words_for_its_asker(site: Any, text: str) -> None:
    answer = site.sql(text)
    assert 400 <= answer.status_code < 500, answer.json
    body = answer.json
    assert set(body) - {"start", "end"} == {"type", "code", "detail", "attr"}
    assert (body["type"], body["attr"]) == ("validation_error", "query")
    assert 0 < len(body["detail"]) < 1000
    assert not INSIDES.search(answer.get_data(as_text=True))
    if "start" in body:
        assert 0 <= body["start"] <= len(text)


@pytest.mark.parametrize(
    "changed",
    [
        {"series": []},
        {"series": [{"kind": "EventsNode", "event": "\ud800"}]},
        {"series": [{"kind": "EventsNode", "event": ["a"]}]},
        {"series": [{"kind": "EventsNode"}] * 1000},
        {"series": [{"kind": "EventsNode", "math": "quine"}]},
        {"interval": "fortnight"},
        {"dateRange": {"date_from": "yesterdayish"}},
        {"dateRange": {"date_from": "-99999999999d"}},
        {"dateRange": {"date_from": "2026-13-41"}},
        {"dateRange": {"date_from": "0001-01-01", "date_to": "9999-12-31"}, "interval": "minute"},
        {"dateRange": {"date_from": "0001-01-01", "date_to": "9999-12-31"}, "interval": "month"},
        {"dateRange": {"date_from": "9999-12-31", "date_to": "9999-12-31"}},
        {"dateRange": {"date_from": "0001-01-01", "date_to": "0001-01-02"}},
        {"dateRange": {"date_from": 17}},
        {"series": [{"kind": "EventsNode", "math": "hogql", "math_hogql": "max(event)"}]},
        {"series": [{"kind": "EventsNode", "math": "hogql", "math_hogql": "event"}]},
        {"series": [{"kind": "EventsNode", "math": "sum"}]},
        {"trendsFilter": {"formula": "A+B"}},
        {"trendsFilter": {"formula": "().__class__"}},
        {"breakdownFilter": {"breakdown": "(select 1 from system.one)", "breakdown_type": "hogql"}},
        {"breakdownFilter": {"breakdown": "count()", "breakdown_type": "hogql"}},
        {"breakdownFilter": {"breakdown": "x", "breakdown_limit": 10**9}},
        {"breakdownFilter": {"breakdown": 4, "breakdown_type": "cohort"}},
        {"compareFilter": {"compare": True, "compare_to": "-99999y"}},
        {"samplingFactor": 0.1},
        {"properties": [{"key": "a", "value": 1, "type": "mood"}]},
        {"trendsFilter": {"display": "Hologram"}},
        {"unknown": "field"},
    ],
)
def test_a_hostile_insight_is_refused_too(site: Any, changed: dict[str, Any]) -> None:
    answer = site.ask({**TRENDS, **changed})
    early = changed.get("dateRange", {}).get("date_from") == "0001-01-01"
    assert 400 <= answer.status_code < 500 or (early and answer.status_code == 200), answer.json
    assert not INSIDES.search(answer.get_data(as_text=True))


@pytest.mark.parametrize("event", ["a'b", "a\\", "{x:String}", "\x00", "a\nb\t", "😀", "%s", "' or 1=1 --"])
def test_an_events_name_is_a_value_and_never_code(site: Any, event: str) -> None:
    answer = site.ask({**TRENDS, "series": [{"kind": "EventsNode", "event": event}]})
    assert answer.status_code == 200
    assert answer.json["results"][0]["count"] == 0


def test_a_question_that_takes_too_long_is_broken_off(site: Any) -> None:
    from analytics_pipelines.insights.team import Team
    from analytics_pipelines.queries.ask import Questions
    from analytics_pipelines.queries.failure import QueryFailed

    settings = site.settings.model_copy(update={"query_max_seconds": 1})
    questions = Questions(site.app.extensions["analytics"].reader, settings)
    crossed = " ".join(f"cross join events e{place}" for place in range(18))
    with pytest.raises(QueryFailed) as failed:
        questions.ask(
            {"kind": "HogQLQuery", "query": f"select count(distinct e0.uuid, e17.uuid) from events {crossed}"},
            Team(site.ours.id),
        )
    assert (failed.value.status, failed.value.code) == (400, "too_slow")
