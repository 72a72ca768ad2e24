"""Saved actions, and filters on elements, over events in ClickHouse."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from analytics_pipelines.insights.actions import action_condition
from analytics_pipelines.insights.elements import element_condition
from analytics_pipelines.insights.team import Action, Context, Team
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_query
from analytics_pipelines.sql.errors import QueryError

CONTEXT = Context(Team(1), datetime(2024, 5, 8, 12, tzinfo=UTC))
AUTO = "$autocapture"

# name → event, url, plan, chain
EVENTS: dict[str, tuple[str, str | None, str, str]] = {
    "page": ("$pageview", "https://shop.example/a_b?x=1", "free", ""),
    "home": ("$pageview", "https://shop.example/", "pro", ""),
    "sent": ("signup", "https://shop.example/aXb", "pro", ""),
    "bare": ("signup", None, "free", ""),
    "go": (
        AUTO,
        "https://shop.example/",
        "free",
        'b:text="in";a.go:attr__class="go"attr__href="/go"href="/go"text="Go \\"on\\""',
    ),
    "trap": (
        AUTO,
        "https://shop.example/",
        "pro",
        'i:attr__title="x text=\\"Go\\""text="a\\\\b";p:text="tail=";s:attr__t="text="',
    ),
    "none": (AUTO, None, "pro", ""),
    "odd": ("odd", None, "pro", 'a.go:href="/go"text="Go"'),
}


def steps(*given: dict[str, Any]) -> nodes.Expr | None:
    return action_condition(Action(1, "it", given), CONTEXT)


def element(key: str, value: Any, operator: str = "exact") -> nodes.Expr:
    return element_condition(key, operator, value)


PLAN = {"key": "plan", "value": "pro", "operator": "exact", "type": "event"}
ACTIONS: list[tuple[tuple[dict[str, Any], ...], set[str]]] = [
    ((), set(EVENTS)),
    (({},), set(EVENTS)),
    (({"event": "signup"}, {}), set(EVENTS)),
    (({"event": "signup"},), {"sent", "bare"}),
    (({"event": "signup"}, {"event": "odd"}), {"sent", "bare", "odd"}),
    (({"event": "$pageview", "url": "a_b"},), {"page"}),
    (({"url": "a_b"},), {"page"}),
    (({"url": "shop.example/", "url_matching": "contains"},), {"page", "home", "sent", "go", "trap"}),
    (({"url": "https://shop.example/", "url_matching": "exact"},), {"home", "go", "trap"}),
    (({"url": "/a.b(\\?|$)", "url_matching": "regex"},), {"page", "sent"}),
    (({"event": "signup", "properties": [PLAN]},), {"sent"}),
    (({"properties": [PLAN]},), {"home", "sent", "trap", "none", "odd"}),
    (({"event": AUTO},), {"go", "trap", "none"}),
    (({"event": AUTO, "selector": "a.go > b"},), {"go"}),
    (({"event": AUTO, "selector": "b a"},), set()),
    (({"event": AUTO, "tag_name": "a"},), {"go"}),
    (({"event": AUTO, "tag_name": "a", "properties": [PLAN]},), set()),
    (({"event": AUTO, "href": "/go"},), {"go"}),
    (({"event": AUTO, "href": "/g"},), set()),
    (({"event": AUTO, "href": "/G", "href_matching": "contains"},), {"go"}),
    (({"event": AUTO, "href": "^/g.$", "href_matching": "regex"},), {"go"}),
    (({"event": AUTO, "text": 'Go "on"'},), {"go"}),
    (({"event": AUTO, "text": "in"},), {"go"}),
    (({"event": AUTO, "text": "Go"},), set()),
    (({"event": AUTO, "text": "go", "text_matching": "contains"},), {"go"}),
    (({"event": AUTO, "text": "a\\b"},), {"trap"}),
    (({"event": AUTO, "text": "tail="},), {"trap"}),
    (({"event": "odd", "text": "no", "selector": "b", "href": "no"},), {"odd"}),
    (({"event": AUTO, "text": "", "selector": None, "url": ""},), {"go", "trap", "none"}),
]
ALL = set(EVENTS)
ELEMENTS: list[tuple[nodes.Expr, set[str]]] = [
    (element("text", ["Go", "in"]), {"go", "odd"}),
    (element("text", "Go", "is_not"), ALL - {"odd"}),
    (element("text", "go", "icontains"), {"go", "odd"}),
    (element("text", "go", "not_icontains"), ALL - {"go", "odd"}),
    (element("text", "^Go$", "regex"), {"odd"}),
    (element("text", "^Go$", "not_regex"), ALL - {"odd"}),
    (element("text", None, "is_set"), {"go", "odd", "trap"}),
    (element("href", None, "is_not_set"), ALL - {"go", "odd"}),
    (element("href", "/go"), {"go", "odd"}),
    (element("tag_name", ["a", "i"]), {"go", "odd", "trap"}),
    (element("tag_name", "a", "is_not"), ALL - {"go", "odd"}),
    (element("selector", ".go"), {"go", "odd"}),
    (element("selector", [".go > b", "p"], "is_not"), ALL - {"go", "trap"}),
    (element("text", []), set()),
]


@pytest.fixture
def matching(clickhouse: Any) -> Callable[[nodes.Expr | None], set[str]]:
    """The names of the events of which a condition is true."""
    rows = [
        [1, uuid.uuid4(), event, name, uuid.uuid4(), datetime(2024, 5, 1, tzinfo=UTC),
         json.dumps({"plan": plan, "name": name} | ({"$current_url": url} if url else {})), chain,
         datetime(2024, 5, 1, tzinfo=UTC)]
        for name, (event, url, plan, chain) in EVENTS.items()
    ]  # fmt: skip
    names = ["team_id", "uuid", "event", "distinct_id", "person_id", "timestamp", "properties", "elements_chain"]
    clickhouse.insert_rows("events", rows, [*names, "received_at"])

    def ask(condition: nodes.Expr | None) -> set[str]:
        item = nodes.Item(nodes.Name(("distinct_id",)), "name")
        made = compile_query(nodes.Select((item,), nodes.TableName("events"), where=condition), CONTEXT.team.scope())
        return {name for (name,) in clickhouse.query(made.sql, made.parameters).rows}

    return ask


@pytest.mark.engines
def test_events_match_what_actions_and_element_filters_say(matching: Callable[[nodes.Expr | None], set[str]]) -> None:
    for given, expected in ACTIONS:
        assert matching(steps(*given)) == expected, given
    for condition, expected in ELEMENTS:
        assert matching(condition) == expected, condition


@pytest.mark.parametrize(
    "step",
    [
        {"event": 5},
        {"url_matching": "like"},
        {"event": AUTO, "selector": "a ~ b"},
        {"properties": [{"key": "a", "value": 1, "operator": "around"}]},
        {"what": "else"},
    ],
)
def test_a_step_that_is_not_understood_is_refused(step: dict[str, Any]) -> None:
    with pytest.raises(QueryError):
        steps(step)


@pytest.mark.parametrize(("key", "operator"), [("colour", "exact"), ("text", "gt"), ("selector", "regex")])
def test_other_keys_and_operators_are_refused(key: str, operator: str) -> None:
    with pytest.raises(QueryError):
        element_condition(key, operator, "a")
