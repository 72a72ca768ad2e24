"""Events and actors by the page, over HTTP."""

from typing import Any

import pytest

pytestmark = pytest.mark.engines

SINCE = "2026-11-01"


def events(site: Any, **fields: Any) -> Any:
    answer = site.ask({"kind": "EventsQuery", "after": SINCE, "before": "2026-12-01", **fields})
    assert answer.status_code == 200, answer.json
    return answer.json


def actors(site: Any, **fields: Any) -> Any:
    answer = site.ask({"kind": "ActorsQuery", **fields})
    assert answer.status_code == 200, answer.json
    return answer.json


def test_events_come_as_objects_newest_first(site: Any) -> None:
    body = events(site, select=["*"])
    shown = [row[0] for row in body["results"]]
    assert [each["event"] for each in shown] == ["buy", "page", "page", "page"]
    assert shown[0]["properties"] == {"secret": "ours", "amount": 12.5}
    assert shown[0]["distinct_id"] == "ada"
    assert shown[0]["timestamp"] == "2026-11-21T11:00:00+00:00"
    assert body["columns"] == ["*"]
    assert body["types"][0][0] == "*"
    assert (body["limit"], body["offset"], body["hasMore"]) == (100, 0, False)


def test_a_select_list_of_expressions(site: Any) -> None:
    body = events(
        site,
        select=["event", "properties.amount * 2 -- Twice", "person.id = person_id", "toString(timestamp)"],
        where=["event = 'page'", "distinct_id = 'bob'"],
    )
    assert body["results"] == [["page", 25, True, "2026-11-21 10:00:00.000000"]]
    assert body["columns"] == [
        "event",
        "properties.amount * 2 -- Twice",
        "person.id = person_id",
        "toString(timestamp)",
    ]


def test_the_person_behind_an_event(site: Any) -> None:
    ((person,),) = events(site, select=["person"], event="buy")["results"]
    assert person["distinct_ids"] == ["ada"]
    assert person["distinct_id"] == "ada"
    assert person["id"] == person["uuid"]
    assert person["properties"] == {}
    mine = events(site, select=["event"], personId=person["id"])["results"]
    assert sorted(mine) == [["buy"], ["page"], ["page"]]


def test_aggregates_group_by_the_rest_and_conditions_on_them_hold_for_groups(site: Any) -> None:
    body = events(site, select=["event", "count()", "count(distinct person_id)"])
    assert body["results"] == [["page", 3, 2], ["buy", 1, 1]]
    assert events(site, select=["person_id", "count()"], where=["count() >= 3"])["results"][0][1] == 3
    assert len(events(site, select=["person_id"], where=["count() >= 2"])["results"]) == 1
    upwards = events(site, select=["event", "count()"], orderBy=["count() ASC"])["results"]
    assert [row[0] for row in upwards] == ["buy", "page"]


def test_pages_follow_each_other_and_say_whether_there_are_more(site: Any) -> None:
    first = events(site, select=["uuid", "timestamp"], limit=3)
    second = events(site, select=["uuid", "timestamp"], limit=3, offset=3)
    assert (first["hasMore"], second["hasMore"], second["offset"]) == (True, False, 3)
    found = [row[0] for row in first["results"] + second["results"]]
    assert len(found) == len(set(found)) == 4


def test_events_are_those_of_the_last_day_unless_dates_say_otherwise(site: Any) -> None:
    def count(**fields: Any) -> int:
        answer = site.ask({"kind": "EventsQuery", "select": ["count()"], **fields})
        found: int = answer.json["results"][0][0]
        return found

    assert count(after="all", before="2027-01-01") == 4
    assert count(after="2026-11-20T11:00:00Z", before="2026-11-21T10:30:00Z") == 2
    assert count(after="2030-01-01") == 0


def test_filters_of_events(site: Any) -> None:
    def named(**fields: Any) -> list[str]:
        return sorted(row[0] for row in events(site, select=["event"], **fields)["results"])

    assert named(properties=[{"key": "distinct_id", "value": "ada", "type": "event_metadata"}]) == [
        "buy",
        "page",
        "page",
    ]
    assert named(fixedProperties=[{"key": "amount", "value": 100, "operator": "gt", "type": "event"}]) == []
    assert named(events=["buy", "never"]) == ["buy"]
    assert named(event="page", where=["1 = 2"]) == []


def test_persons_of_the_project(site: Any) -> None:
    body = actors(site, select=["person", "id", "created_at", "person.$delete"])
    assert [row[0]["distinct_ids"] for row in body["results"]] == [["bob"], ["ada"]]
    for person, person_id, created_at, nothing in body["results"]:
        assert person["id"] == person_id
        assert person["created_at"] == created_at
        assert nothing is None
    assert [row[2] for row in body["results"]] == ["2026-11-21T10:00:00+00:00", "2026-11-20T10:00:00+00:00"]
    assert actors(site, select=["count()"])["results"] == [[2]]
    assert len(actors(site, select=["id"], limit=1)["results"]) == 1
    assert actors(site, select=["id"], limit=1)["hasMore"] is True


def test_persons_are_searched_by_what_they_are_known_by(site: Any) -> None:
    (found,) = actors(site, search="BO")["results"]
    assert found[0]["distinct_ids"] == ["bob"]
    assert len(actors(site, search=found[0]["id"])["results"]) == 1
    assert actors(site, search="%")["results"] == []


TRENDS = {
    "kind": "TrendsQuery",
    "series": [{"kind": "EventsNode", "event": "page", "math": "dau"}],
    "dateRange": {"date_from": "2026-11-19", "date_to": "2026-11-22"},
}


def test_the_people_behind_a_point_are_as_many_as_it_shows(site: Any) -> None:
    (series,) = site.ask(TRENDS).json["results"]
    for day, shown in zip(series["days"], series["data"], strict=True):
        source = {"kind": "InsightActorsQuery", "source": TRENDS, "day": day, "series": 0}
        body = actors(site, source=source, select=["person", "id", "event_count"])
        assert len(body["results"]) == shown
        assert all(person["id"] == person_id for person, person_id, _ in body["results"])
    assert body["missing_actors_count"] == 0


def test_what_a_funnel_counts_by_an_expression_is_listed_without_profiles(site: Any) -> None:
    funnel = {
        "kind": "FunnelsQuery",
        "series": [{"kind": "EventsNode", "event": "page"}],
        "dateRange": {"date_from": "2026-11-01", "date_to": "2026-11-30"},
        "funnelsFilter": {"funnelAggregateByHogQL": "toDate(timestamp)"},
    }
    source = {"kind": "FunnelsActorsQuery", "source": funnel, "funnelStep": 1}
    answer = site.ask({"kind": "ActorsQuery", "source": source})
    assert (answer.status_code, answer.json["columns"]) == (200, ["id"])
    assert answer.json["results"] == [["2026-11-20"], ["2026-11-21"]]
    found = site.ask({"kind": "ActorsQuery", "source": source, "search": "-21"})
    assert found.json["results"] == [["2026-11-21"]]
    for select in ("person", "properties.email"):
        answer = site.ask({"kind": "ActorsQuery", "source": source, "select": [select]})
        assert (answer.status_code, answer.json["code"]) == (400, "invalid_query")


def test_people_named_by_sql(site: Any) -> None:
    sql = "select person_id, count() from events where event = 'buy' group by person_id"
    ((person,),) = actors(site, source={"kind": "HogQLQuery", "query": sql}, select=["person"])["results"]
    assert person["distinct_ids"] == ["ada"]


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "EventsQuery", "select": []},
        {"kind": "EventsQuery", "select": ["file('/etc/passwd')"]},
        {"kind": "EventsQuery", "select": ["team_id"]},
        {"kind": "EventsQuery", "select": ["(select 1 from events)"] * 101},
        {"kind": "EventsQuery", "select": ["*"], "where": ["1) or (1=1"]},
        {"kind": "EventsQuery", "select": ["count(sum(1))"]},
        {"kind": "EventsQuery", "orderBy": ["rand() DESC LIMIT 1"]},
        {"kind": "EventsQuery", "limit": 0},
        {"kind": "EventsQuery", "limit": -1},
        {"kind": "EventsQuery", "offset": 10**12},
        {"kind": "EventsQuery", "actionId": 10**9},
        {"kind": "EventsQuery", "personId": "ada"},
        {"kind": "EventsQuery", "after": "yesterdayish"},
        {"kind": "EventsQuery", "source": {"kind": "EventsQuery"}},
        {"kind": "ActorsQuery", "select": ["properties"], "orderBy": ["nothing"]},
        {"kind": "ActorsQuery", "source": {"kind": "InsightActorsQuery", "source": {"kind": "ActorsQuery"}}},
        {"kind": "ActorsQuery", "source": {"kind": "InsightActorsQuery"}},
        {"kind": "ActorsQuery", "source": {"kind": "HogQLQuery", "query": "select * from events"}},
        {"kind": "ActorsQuery", "source": {"kind": "HogQLQuery", "query": "drop table events"}},
        {"kind": "ActorsQuery", "source": {"kind": "HogQLQuery"}},
        {"kind": "ActorsQuery", "source": {"kind": "HogQLQuery", "query": "select event from events"}},
        {"kind": "ActorsQuery", "source": {"kind": "TrendsQuery"}},
        {"kind": "ActorsQuery", "select": ["event_count"]},
        {"kind": "ActorsQuery", "properties": [{"key": "a", "value": "b", "type": "event"}]},
    ],
    ids=str,
)
def test_what_can_not_be_asked_is_refused(site: Any, query: dict[str, Any]) -> None:
    answer = site.ask(query)
    assert answer.status_code == 400, answer.json
    assert (answer.json["type"], answer.json["attr"]) == ("validation_error", "query")


def test_sql_is_looked_at_without_running_it(site: Any) -> None:
    text = "select evnt, properties.amuont from events"
    wrong = site.ask({"kind": "HogQLMetadata", "language": "hogQL", "query": text}).json
    assert wrong["isValid"] is False
    assert wrong["errors"][0]["start"] == text.index("evnt")
    slip = site.ask({"kind": "HogQLMetadata", "language": "hogQLExpr", "query": "properties.amuont > 5"}).json
    assert (slip["isValid"], slip["warnings"][0]["fix"]) == (True, "amount")


def test_what_may_be_written_next(site: Any) -> None:
    def labels(text: str) -> list[str]:
        asked = {"kind": "HogQLAutocomplete", "language": "hogQL", "query": text, "endPosition": len(text)}
        return [each["label"] for each in site.ask(asked).json["suggestions"]]

    assert "events" in labels("select * from ev")
    assert labels("select properties.am from events"[:20]) == []
    assert "buy" in labels("select count() from events where event = 'b")


def test_the_tables_that_may_be_read(site: Any) -> None:
    tables = site.ask({"kind": "DatabaseSchemaQuery"}).json["tables"]
    assert {"events", "persons", "groups", "sessions"} <= set(tables)
    assert "team_id" not in tables["events"]["fields"]


SERIES = [{"kind": "EventsNode", "event": "page"}, {"kind": "EventsNode", "event": "buy"}]
DATES = {"dateRange": {"date_from": "2026-11-19", "date_to": "2026-11-22"}}


@pytest.mark.parametrize(
    ("query", "point", "count"),
    [
        ({"kind": "FunnelsQuery", "series": SERIES}, {"kind": "FunnelsActorsQuery", "funnelStep": 1}, 2),
        ({"kind": "FunnelsQuery", "series": SERIES}, {"kind": "FunnelsActorsQuery", "funnelStep": 2}, 1),
        ({"kind": "FunnelsQuery", "series": SERIES}, {"kind": "FunnelsActorsQuery", "funnelStep": -2}, 1),
        ({"kind": "StickinessQuery", "series": SERIES[:1]}, {"kind": "StickinessActorsQuery", "day": 1}, 2),
        ({"kind": "LifecycleQuery", "series": SERIES[:1]}, {"day": "2026-11-20", "status": "new"}, 1),
        ({"kind": "LifecycleQuery", "series": SERIES[:1]}, {"day": "2026-11-21", "status": "dormant"}, 1),
        (
            {
                "kind": "RetentionQuery",
                "retentionFilter": {
                    "targetEntity": {"id": "page", "type": "events"},
                    "returningEntity": {"id": "buy", "type": "events"},
                    "totalIntervals": 4,
                    "period": "Day",
                },
                "dateRange": {"date_to": "2026-11-22"},
            },
            {"interval": 1},
            1,
        ),
    ],
    ids=str,
)
def test_the_people_behind_points_of_every_kind(
    site: Any, query: dict[str, Any], point: dict[str, Any], count: int
) -> None:
    source = {"kind": "InsightActorsQuery", "source": {**DATES, **query}, **point}
    body = actors(site, source=source, select=["id", "person"])
    assert len(body["results"]) == count
    assert all(person["id"] == person_id and person["distinct_ids"] for person_id, person in body["results"])
