"""Paths: each rule on a history that is worked out by hand."""

import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from lives import Asker, Event, did, sql_of, store, utc

from analytics_pipelines.insights.team import Team
from analytics_pipelines.sql.errors import QueryError
from resources.clickhouse import ClickHouse

GOLDEN = Path(__file__).parent / "golden"
teams = count(1)
DATES = {"date_from": "2024-05-01", "date_to": "2024-05-04"}


def asker(clickhouse: ClickHouse, events: list[Event], zone: str = "UTC", **fields: Any) -> Asker:
    team = Team(next(teams), zone, group_types={0: "company"}, **fields)
    store(clickhouse, team.id, events)
    return Asker("PathsQuery", clickhouse, team)


def edges(asker: Asker, filters: dict[str, Any] | None = None, **fields: Any) -> dict[str, tuple[int, float]]:
    """`source -> target` → paths, and minutes on average; in the order of the answer."""
    rows = asker.ask(pathsFilter=filters or {}, **{"dateRange": DATES, **fields})
    return {
        f"{row['source']} -> {row['target']}": (row["value"], row["average_conversion_time"] / 60_000) for row in rows
    }


def walk(person: int, names: str, start: str = "2024-05-02T10", company: str = "") -> list[Event]:
    """An event a minute."""
    return [
        did(name, person, f"{start}:{minute:02}", company) for minute, name in enumerate(names.split()) if name != "-"
    ]


def view(person: int, at: str, url: str | None) -> Event:
    return Event("$pageview", person, utc(at), {} if url is None else {"$current_url": url})


@pytest.mark.parametrize(
    ("name", "fields"),
    {
        "of_events": {},
        "between_two_pages": {
            "includeEventTypes": ["$pageview"],
            "startPoint": "/",
            "endPoint": "/buy/",
            "pathGroupings": ["/product/*"],
            "localPathCleaningFilters": [{"regex": "\\d+", "alias": "N"}],
            "excludeEvents": ["/help"],
            "minEdgeWeight": 2,
        },
    }.items(),
)
def test_the_sql_is_as_agreed(name: str, fields: dict[str, Any]) -> None:
    text = sql_of("PathsQuery", Team(1, "America/Sao_Paulo"), dateRange={"date_from": "-2d"}, pathsFilter=fields)
    path = GOLDEN / f"paths_{name}.sql"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.engines
def test_edges_are_counted_by_path_and_ordered(shared_clickhouse: ClickHouse) -> None:
    events = walk(1, "a b c") + walk(2, "a - b") + walk(2, "a b", "2024-05-02T12") + walk(3, "b c", "2024-05-03T10")
    found = edges(asker(shared_clickhouse, events))
    assert list(found.items()) == [
        ("1_a -> 2_b", (3, pytest.approx(4 / 3))),
        ("1_b -> 2_c", (1, 1.0)),
        ("2_b -> 3_c", (1, 1.0)),
    ]


@pytest.mark.engines
def test_a_visit_ends_with_half_an_hour_of_silence(shared_clickhouse: ClickHouse) -> None:
    events = [did("a", 1, "2024-05-02T10:00"), did("b", 1, "2024-05-02T10:29:59.999999")]
    events += [did("c", 1, "2024-05-02T10:59:59.999999"), did("d", 1, "2024-05-02T11:00")]
    assert list(edges(asker(shared_clickhouse, events))) == ["1_a -> 2_b", "1_c -> 2_d"]


@pytest.mark.engines
def test_of_the_same_item_in_a_row_the_last_counts(shared_clickhouse: ClickHouse) -> None:
    found = edges(asker(shared_clickhouse, walk(1, "a a a b b c a")))
    # at minutes 2, 4, 5, 6
    assert found == {"1_a -> 2_b": (1, 2.0), "2_b -> 3_c": (1, 1.0), "3_c -> 4_a": (1, 1.0)}


@pytest.mark.engines
def test_five_steps_unless_said_otherwise(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, walk(1, "a b c d e f g"))
    assert list(edges(one)) == ["1_a -> 2_b", "2_b -> 3_c", "3_c -> 4_d", "4_d -> 5_e"]
    assert list(edges(one, {"stepLimit": 2})) == ["1_a -> 2_b"]
    assert len(edges(one, {"stepLimit": 20})) == 6
    assert edges(one, {"stepLimit": 1}) == {}


@pytest.mark.engines
def test_from_a_point_to_a_point(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, walk(1, "x a b a c d e f g") + walk(2, "x c"))
    starts = ["1_a -> 2_b", "2_b -> 3_a", "3_a -> 4_c", "4_c -> 5_d"]
    assert list(edges(one, {"startPoint": "a"})) == starts
    # up to the first d, the last three of x a b a c d
    assert list(edges(one, {"endPoint": "d", "stepLimit": 3})) == ["1_a -> 2_c", "2_c -> 3_d"]
    assert list(edges(one, {"startPoint": "b", "endPoint": "d"})) == ["1_b -> 2_a", "2_a -> 3_c", "3_c -> 4_d"]
    assert edges(one, {"startPoint": "d", "endPoint": "b"}) == {}
    assert edges(one, {"startPoint": "nowhere"}) == {}


@pytest.mark.engines
def test_of_a_long_way_between_two_points_the_middle_is_left_out(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, walk(1, "a b - c d e - f"))
    # minutes: a 0, b 1, c 3, d 4, e 5, f 7; the node in the middle has the time of the first one left out
    assert edges(one, {"startPoint": "a", "endPoint": "f", "stepLimit": 4}) == {
        "1_a -> 2_b": (1, 1.0),
        "2_b -> 3_...": (1, 2.0),
        "3_... -> 4_e": (1, 2.0),
        "4_e -> 5_f": (1, 2.0),
    }
    assert list(edges(one, {"startPoint": "a", "endPoint": "f", "stepLimit": 3})) == ["1_a -> 2_...", "2_... -> 3_f"]
    assert len(edges(one, {"startPoint": "a", "endPoint": "f", "stepLimit": 6})) == 5


@pytest.mark.engines
def test_what_an_event_is_called(shared_clickhouse: ClickHouse) -> None:
    events = [
        view(1, "2024-05-02T10:00", "https://x.com/a/"),
        view(1, "2024-05-02T10:01", "/"),
        Event("$screen", 1, utc("2024-05-02T10:02"), {"$screen_name": "Home"}),
        did("bought", 1, "2024-05-02T10:03", shop="s1"),
        did("$autocapture", 1, "2024-05-02T10:04", shop="s2"),
    ]
    one = asker(shared_clickhouse, events)
    everything = ["1_https://x.com/a -> 2_/", "2_/ -> 3_Home", "3_Home -> 4_bought", "4_bought -> 5_$autocapture"]
    assert list(edges(one)) == everything
    assert list(edges(one, {"includeEventTypes": ["$pageview"]})) == everything[:1]
    kinds = ["$screen", "custom_event"]
    assert list(edges(one, {"includeEventTypes": kinds})) == ["1_Home -> 2_bought"]
    shop = {"pathsHogQLExpression": "properties.shop"}
    assert list(edges(one, {"includeEventTypes": ["hogql"], **shop})) == ["1_ -> 2_s1", "2_s1 -> 3_s2"]
    assert list(edges(one, {"includeEventTypes": ["$screen", "custom_event", "hogql"], **shop})) == ["1_Home -> 2_s1"]


@pytest.mark.engines
def test_names_are_cleaned_grouped_and_left_out_in_this_order(shared_clickhouse: ClickHouse) -> None:
    urls = ["/", "/product/12", "/product/34/x", "/help", "/buy/"]
    events = [view(1, f"2024-05-02T10:0{minute}", url) for minute, url in enumerate(urls)]
    rules = ({"regex": "/x$", "alias": ""},)
    one = asker(shared_clickhouse, events, path_cleaning_filters=rules)
    numbers = {"localPathCleaningFilters": [{"regex": "(\\d)\\d", "alias": "\\1N"}]}
    assert "2_/product/1N -> 3_/product/3N/x" in edges(one, numbers)
    assert "2_/product/12 -> 3_/product/34" in edges(one, {"pathReplacements": True})
    assert "2_/product/1N -> 3_/product/3N" in edges(one, {"pathReplacements": True, **numbers})
    groups = {"pathGroupings": ["/pro*ct/", "/product/3*", "/h*"], "excludeEvents": ["/h*"]}
    assert list(edges(one, groups)) == ["1_/ -> 2_/pro*ct/", "2_/pro*ct/ -> 3_/buy"]
    assert list(edges(one, {"startPoint": "/buy/", "excludeEvents": ["/help"]})) == []
    assert list(edges(one, {"endPoint": "/buy/", "stepLimit": 2})) == ["1_/help -> 2_/buy"]


@pytest.mark.engines
def test_edges_that_cannot_be_reached_are_left_out(shared_clickhouse: ClickHouse) -> None:
    events = walk(1, "a x y") + walk(2, "b x y") + walk(3, "c d")
    one = asker(shared_clickhouse, events)
    assert list(edges(one)) == ["2_x -> 3_y", "1_a -> 2_x", "1_b -> 2_x", "1_c -> 2_d"]
    assert list(edges(one, {"edgeLimit": 2})) == ["2_x -> 3_y", "1_a -> 2_x"]
    assert list(edges(one, {"edgeLimit": 1})) == []
    assert list(edges(one, {"minEdgeWeight": 2})) == []
    assert list(edges(one, {"maxEdgeWeight": 1})) == ["1_a -> 2_x", "1_b -> 2_x", "1_c -> 2_d"]


@pytest.mark.engines
def test_groups_dates_and_filters(shared_clickhouse: ClickHouse) -> None:
    events = [
        *walk(1, "a b", "2024-04-30T23", company="acme"),
        did("a", 1, "2024-05-01T00:00", company="acme", plan="pro"),
        did("b", 2, "2024-05-01T00:01", company="acme", plan="pro"),
        did("c", 2, "2024-05-04T23:59", company=""),
        did("d", 2, "2024-05-05T00:00", company=""),
    ]
    one = asker(shared_clickhouse, events)
    assert edges(one) == {}
    assert list(edges(one, aggregation_group_type_index=0)) == ["1_a -> 2_b"]
    pro = [{"key": "plan", "value": "pro", "type": "event"}]
    assert list(edges(one, aggregation_group_type_index=0, properties=pro)) == ["1_a -> 2_b"]
    free = [{"key": "plan", "value": "free", "type": "event"}]
    assert edges(one, aggregation_group_type_index=0, properties=free) == {}


@pytest.mark.engines
def test_who_went_there_and_who_stopped(shared_clickhouse: ClickHouse) -> None:
    events = walk(1, "a b c") + walk(2, "a - b") + walk(2, "a b", "2024-05-02T12") + walk(3, "b c", "2024-05-03T10")
    one = asker(shared_clickhouse, events)
    asked = {"dateRange": DATES}
    assert one.actors({"pathStartKey": "1_a", "pathEndKey": "2_b"}, **asked) == {1: (1,), 2: (2,)}
    assert one.actors({"pathEndKey": "2_b"}, **asked) == {1: (1,), 2: (2,)}
    assert one.actors({"pathStartKey": "2_b"}, **asked) == {1: (1,)}
    assert one.actors({"pathEndKey": "1_b"}, **asked) == {3: (1,)}
    assert one.actors({"pathDropoffKey": "2_b"}, **asked) == {2: (2,)}
    assert one.actors({"pathStartKey": "1_a", "pathEndKey": "3_c"}, **asked) == {}
    assert one.actors({}, **asked, pathsFilter={"pathStartKey": "2_b", "pathEndKey": "3_c"}) == {1: (1,)}
    with pytest.raises(QueryError, match="key"):
        one.actors({"pathStartKey": "home"}, **asked)


@pytest.mark.engines
def test_events_before_1970_have_their_paths(shared_clickhouse: ClickHouse) -> None:
    one = asker(shared_clickhouse, walk(1, "a b", "1969-12-31T23"))
    found = edges(one, dateRange={"date_from": "1969-12-01", "date_to": "1970-01-02"})
    assert found == {"1_a -> 2_b": (1, 1.0)}


@pytest.mark.engines
def test_paths_around_a_step_of_a_funnel(shared_clickhouse: ClickHouse) -> None:
    # 1 gets from a to d with a pause of an hour, 2 leaves after a, 3 never begins.
    events = [*walk(1, "x a y"), *walk(1, "z d e f", "2024-05-02T11"), *walk(2, "u a v w"), *walk(3, "s d t")]
    one = asker(shared_clickhouse, events)
    steps = [{"kind": "EventsNode", "event": name} for name in "ad"]
    window: dict[str, Any] = {"funnelWindowInterval": 2, "funnelWindowIntervalUnit": "hour"}
    source = {"kind": "FunnelsQuery", "series": steps, "dateRange": DATES, "funnelsFilter": window}

    def around(kind: str, step: int) -> list[str]:
        asked = {"funnelPathType": f"funnel_path_{kind}", "funnelSource": source, "funnelStep": step}
        return list(edges(one, funnelPathsFilter=asked))

    assert around("after_step", 2) == ["1_d -> 2_e", "2_e -> 3_f"]
    assert around("after_step", 1) == [
        *("1_a -> 2_v", "1_a -> 2_y", "2_v -> 3_w"),
        *("2_y -> 3_z", "3_z -> 4_d", "4_d -> 5_e"),
    ]
    assert around("before_step", 2) == ["1_x -> 2_a", "2_a -> 3_y", "3_y -> 4_z", "4_z -> 5_d"]
    assert around("between_steps", 2) == ["1_a -> 2_y", "2_y -> 3_z", "3_z -> 4_d"]
    assert around("before_step", -2) == ["1_u -> 2_a"]
    assert around("after_step", -2) == []
    # Now d comes too late for 1 as well; what both did when the window had passed begins with z and with w.
    window["funnelWindowIntervalUnit"], window["funnelWindowInterval"] = "second", 90
    assert around("after_step", -2) == ["1_z -> 2_d", "2_d -> 3_e", "3_e -> 4_f"]
    with pytest.raises(QueryError, match="between"):
        around("between_steps", 1)
    with pytest.raises(QueryError, match="funnelStep"):
        around("after_step", 3)
