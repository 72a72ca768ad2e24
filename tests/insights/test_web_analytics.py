"""Web analytics: visits worked out by hand, and random ones beside a plain reading of the definitions."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import web
from trends_history import SETTINGS, Event, store

from analytics_pipelines.insights.kinds import parse_insight
from analytics_pipelines.insights.team import Action, Context, Team
from analytics_pipelines.insights.web_overview import change
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse

NOW = datetime(2024, 5, 8, 15, 30, tzinfo=UTC)
DAY = datetime(2024, 5, 7, tzinfo=UTC)
RANGE = {"date_from": "2024-05-07", "date_to": "2024-05-07"}
EXAMPLES = int(os.environ.get("ANALYTICS_EXAMPLES", "40"))


def session(number: int, at: datetime = DAY) -> str:
    """A UUIDv7 of that moment."""
    return str(UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | number))


def event(name: str, person: int, seconds: float, number: int, team: int = 1, **properties: Any) -> Event:
    """In session `number`, so many seconds after the day began."""
    named = {
        f"${key}" if key in ("pathname", "browser", "current_url") else key: value for key, value in properties.items()
    }
    return Event(
        name,
        person,
        DAY + timedelta(seconds=seconds),
        {
            "$session_id": session(number),
            "$current_url": f"https://a.example{properties.get('pathname', '/')}",
            **named,
        },
        team=team,
    )


class Asker:
    def __init__(self, clickhouse: ClickHouse, team: Team) -> None:
        self.clickhouse = clickhouse
        self.team = team

    def answer(self, **query: Any) -> dict[str, Any]:
        kind, parsed = parse_insight({"dateRange": RANGE, **query})
        plan: Any = kind.plan(parsed, Context(self.team, NOW))
        results = [self.run(each) for each in plan.statements]
        if hasattr(plan, "more"):
            results += [self.run(each) for each in plan.more(results)]
        found: dict[str, Any] = plan.answer(results)
        return found

    def run(self, compiled: Any) -> Sequence[Sequence[Any]]:
        return self.clickhouse.query(compiled.sql, compiled.parameters, SETTINGS).rows

    def overview(self, **query: Any) -> dict[str, Any]:
        return {each["key"]: each["value"] for each in self.answer(kind="WebOverviewQuery", **query)["results"]}

    def table(self, breakdown: str, **query: Any) -> list[list[Any]]:
        """Rows with the current values alone."""
        rows = self.answer(kind="WebStatsTableQuery", breakdownBy=breakdown, limit=1000, **query)["results"]
        return [[value, *(pair[0] for pair in pairs)] for value, *pairs in rows]


@pytest.fixture(scope="module")
def by_hand(shared_clickhouse: ClickHouse) -> Asker:
    """Team 1. Ann: two pages in 40 s, then a purchase; and a page that she leaves at once, the day's last.
    Bob: one page with a click. Cyd: a screen. Dot: began yesterday. Eve: no session."""
    store(
        shared_clickhouse,
        [
            event("$pageview", 1, 100, 1, pathname="/", utm_source="google", browser="Chrome"),
            event("$pageview", 1, 130, 1, pathname="/pricing", browser="Chrome"),
            event("purchase", 1, 140, 1, pathname="/pricing", browser="Chrome"),
            event("purchase", 1, 141, 1, pathname="/pricing", browser="Chrome"),
            event("$pageview", 1, 86399.5, 2, pathname="/", utm_source="bing", browser="Chrome"),
            event("$pageview", 2, 200, 3, pathname="/pricing", browser="Firefox"),
            event("$autocapture", 2, 203, 3, pathname="/pricing", browser="Firefox"),
            event("$screen", 3, 300, 4, **{"$screen_name": "Home"}),
            event("$pageview", 4, -20, 5, pathname="/"),
            event("$pageview", 4, 20, 5, pathname="/pricing"),
            Event("$pageview", 5, DAY + timedelta(seconds=9), {"$pathname": "/"}),
            Event("$pageview", 5, DAY + timedelta(seconds=9), {"$session_id": "x" * 36, "$pathname": "/"}),
            event("$pageview", 9, 100, 1, team=2, pathname="/theirs"),
        ],
    )
    return Asker(shared_clickhouse, Team(1, actions={7: Action(7, "Bought", ({"event": "purchase"},))}))


@pytest.mark.engines
def test_the_tiles_of_a_day(by_hand: Asker) -> None:
    tiles = by_hand.answer(kind="WebOverviewQuery")["results"]
    assert [(each["key"], each["value"], each["kind"]) for each in tiles] == [
        ("visitors", 3, "unit"),
        ("views", 5, "unit"),
        ("sessions", 4, "unit"),
        ("session duration", 11, "duration_s"),  # (41 + 0 + 3 + 0) / 4
        ("bounce rate", pytest.approx(100 / 3), "percentage"),  # session 2 of 1, 2 and 3; 4 has no page
    ]
    assert [each["isIncreaseBad"] for each in tiles] == [False] * 4 + [True]
    assert all(each["previous"] is None and each["changeFromPreviousPct"] is None for each in tiles)


@pytest.mark.engines
def test_the_day_before_stands_beside_it(by_hand: Asker) -> None:
    tiles = by_hand.answer(kind="WebOverviewQuery", compareFilter={"compare": True})["results"]
    assert [(each["previous"], each["changeFromPreviousPct"]) for each in tiles] == [
        (1, 200),
        (1, 400),
        (1, 300),
        (40, -72),  # Dot's whole visit, into the next day
        (0, None),
    ]


@pytest.mark.engines
def test_filters_choose_views_and_visits_by_them_but_not_how_long_they_last(by_hand: Asker) -> None:
    pricing = [{"key": "$pathname", "value": "/pricing", "type": "event"}]
    tiles = by_hand.overview(properties=pricing)
    assert tiles == {"visitors": 2, "views": 2, "sessions": 2, "session duration": 22, "bounce rate": 0}


@pytest.mark.engines
@pytest.mark.parametrize("goal", [{"customEventName": "purchase"}, {"actionId": 7}])
def test_a_goal_counts_who_converts(by_hand: Asker, goal: dict[str, Any]) -> None:
    tiles = by_hand.overview(conversionGoal=goal)
    assert tiles == {
        "visitors": 3,
        "total conversions": 2,
        "unique conversions": 1,
        "conversion rate": pytest.approx(100 / 3),
    }
    assert by_hand.table("Browser", conversionGoal=goal) == [
        ["Chrome", 1, 2, 1, 1.0],
        ["Firefox", 1, 0, 0, 0.0],
        [None, 1, 0, 0, 0.0],
    ]
    pages = by_hand.table("Page", conversionGoal=goal)
    assert [row[:4] for row in pages if row[0] == "/"] == [["/", 1, 2, 1]]
    assert [row[:4] for row in pages if row[0] == "/pricing"] == [["/pricing", 2, 2, 1]]


@pytest.mark.engines
def test_pages_count_for_all_who_saw_them_and_bounces_for_those_who_began_there(by_hand: Asker) -> None:
    assert by_hand.table("Page", includeBounceRate=True) == [
        ["/pricing", 2, 2, 0.0],  # Bob began here, and clicked
        ["/", 1, 2, 0.5],
        ["Home", 1, 1, None],
    ]


@pytest.mark.engines
@pytest.mark.parametrize(
    ("breakdown", "rows"),
    [
        ("InitialPage", [["/", 2, 4], ["/pricing", 1, 1]]),
        ("ExitPage", [["/", 2, 2], ["/pricing", 2, 3]]),
        ("InitialUTMSource", [[None, 2, 2], ["bing", 1, 1], ["google", 1, 2]]),
        ("Browser", [["Chrome", 1, 3], ["Firefox", 1, 1], [None, 1, 1]]),
        ("InitialChannelType", [[None, 3, 5]]),  # the sessions table is not made here
    ],
)
def test_visits_by_what_is_said_of_them(by_hand: Asker, breakdown: str, rows: list[list[Any]]) -> None:
    assert sorted(by_hand.table(breakdown), key=str) == sorted(rows, key=str)


@pytest.mark.engines
def test_rows_come_by_visitors_and_in_pages(by_hand: Asker) -> None:
    asked: dict[str, Any] = {"kind": "WebStatsTableQuery", "breakdownBy": "Page"}
    first, second = (by_hand.answer(**asked, limit=2, offset=offset) for offset in (0, 2))
    assert [row[0] for row in first["results"] + second["results"]] == ["/pricing", "/", "Home"]
    assert (first["hasMore"], second["hasMore"]) == (True, False)
    ordered = by_hand.answer(**asked, orderBy=["Views", "ASC"])["results"]
    assert [row[0] for row in ordered] == ["Home", "/pricing", "/"]
    before = by_hand.answer(**asked, compareFilter={"compare": True})["results"]
    assert before == [["/pricing", [2, 0], [2, 0]], ["/", [1, 1], [2, 1]], ["Home", [1, 0], [1, 0]]]


@pytest.mark.engines
def test_nobody_came(by_hand: Asker) -> None:
    nobody = {"dateRange": {"date_from": "2020-01-01", "date_to": "2020-01-02"}}
    assert by_hand.overview(**nobody) == {
        "visitors": 0,
        "views": 0,
        "sessions": 0,
        "session duration": None,
        "bounce rate": None,
    }
    assert by_hand.table("Page", **nobody) == []


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "WebStatsTableQuery"},
        {"kind": "WebStatsTableQuery", "breakdownBy": "Aura"},
        {"kind": "WebStatsTableQuery", "breakdownBy": "Page", "orderBy": ["bounce_rate"]},
        {"kind": "WebStatsTableQuery", "breakdownBy": "Page", "includeScrollDepth": True},
        {"kind": "WebOverviewQuery", "conversionGoal": {}},
        {"kind": "WebOverviewQuery", "conversionGoal": {"actionId": 3}},
        {"kind": "WebOverviewQuery", "dateRange": {"date_from": "soon"}},
        {"kind": "WebOverviewQuery", "compareFilter": {"compare": True, "compare_to": "-1x"}},
        {"kind": "WebOverviewQuery", "sampling": {"enabled": True}},
    ],
    ids=str,
)
def test_what_can_not_be_asked_is_refused(query: dict[str, Any]) -> None:
    def asked() -> None:
        kind, parsed = parse_insight(query)
        kind.plan(parsed, Context(Team(1), NOW))

    with pytest.raises(QueryError):
        asked()


def test_changes_are_in_percent_of_what_was() -> None:
    assert [change(3, 2), change(2, 3), change(0, 2), change(2, 0), change(None, 2), change(2, None)] == [
        *(50, -33, -100),
        *(None, None, None),
    ]


TEAMS = range(100, 140)


@st.composite
def histories(draw: st.DrawFn, team: int) -> list[Event]:
    found = []
    for _ in range(draw(st.integers(0, 14))):
        number, person = draw(st.integers(1, 4)), draw(st.integers(1, 3))
        name = draw(st.sampled_from(["$pageview", "$pageview", "$screen", "$autocapture", "buy"]))
        seconds = draw(st.sampled_from([-90000, -3600, -5, 0, 1, 5, 9.999, 10, 3600, 43200, 86399.9, 86401, 90000]))
        pathname = draw(st.sampled_from(["/", "/a", "/b", ""]))
        browser = draw(st.sampled_from(["", "Chrome", "Safari"]))
        given = draw(st.sampled_from([None, "", "no session", session(number, DAY - timedelta(hours=20))]))
        properties = {"pathname": pathname, "browser": browser} | ({} if given is None else {"$session_id": given})
        found.append(event(name, person, seconds, number, team, **properties))
    return found


@pytest.mark.engines
def test_random_visits_are_counted_as_defined(shared_clickhouse: ClickHouse) -> None:
    known: dict[int, list[Event]] = {}

    @settings(max_examples=len(TEAMS), deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.data())
    def make(data: st.DataObject) -> None:
        team = TEAMS[len(known) % len(TEAMS)]
        known.setdefault(team, data.draw(histories(team)))

    make()
    store(shared_clickhouse, [each for events in known.values() for each in events])

    @settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        team=st.sampled_from(sorted(known)),
        days=st.tuples(st.integers(-1, 1), st.integers(0, 1)),
        page=st.sampled_from([None, "/", "/a"]),
    )
    def agree(team: int, days: tuple[int, int], page: str | None) -> None:
        asker = Asker(shared_clickhouse, Team(team))
        first = DAY + timedelta(days=days[0])
        last = first + timedelta(days=days[1] + 1) - timedelta(microseconds=1)
        query: dict[str, Any] = {"dateRange": {"date_from": f"{first:%Y-%m-%d}", "date_to": f"{last:%Y-%m-%d}"}}
        if page is not None:
            query["properties"] = [{"key": "$pathname", "value": page, "type": "event"}]
        visits = web.visits(
            known[team], first, last, lambda each: page is None or each.properties.get("$pathname") == page
        )
        expected = web.overview(visits)
        assert asker.overview(**query) == {
            key: value if value is None else pytest.approx(value) for key, value in expected.items()
        }
        if page is None:
            found = {value: (visitors, views) for value, visitors, views in asker.table("InitialPage", **query)}
            assert sum(views for _, views in found.values()) == expected["views"]
            pages = {value: (visitors, views) for value, visitors, views in asker.table("Page", **query)}
            assert pages == web.by_page(visits)
        browsers = {value: (visitors, views) for value, visitors, views in asker.table("Browser", **query)}
        assert browsers == web.by_first(visits, "$browser")

    agree()
