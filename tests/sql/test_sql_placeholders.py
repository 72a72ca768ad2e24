"""`{filters}`, `{variables.x}`, cohorts and actions: what a query leaves to its scope."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from two_teams import ANN, TEAM

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import compile_select
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.scope import Filters, SavedAction, Scope


def bought(table: str) -> nodes.Expr | None:
    """As `insights.filters.condition` would say it of each table."""
    if table == "events":
        return nodes.Compare("=", nodes.Name(("event",)), nodes.Constant("buy"))
    if table == "sessions":
        raise QueryError("a filter of the type “event” can't be used on sessions")
    return None


SCOPE = replace(
    TEAM.scope(),
    actions={
        1: SavedAction("Bought", lambda: bought("events")),
        2: SavedAction("Anything", lambda: None),
        3: SavedAction("Twin", lambda: None),
        4: SavedAction("Twin", lambda: None),
    },
    variables={"event": "buy", "events": ("buy", "view"), "least": 6.5, "nothing": None, "ids": (1, 2)},
    values={"event": "view"},
)
ACTION = "matchesAction"
NOON = datetime(2024, 5, 5, 12, tzinfo=UTC)


def ask(reader: Any, text: str, scope: Scope = SCOPE) -> list[tuple[Any, ...]]:
    compiled = compile_select(text, scope)
    return [tuple(row) for row in reader.query(compiled.sql, compiled.parameters, {"join_use_nulls": 1}).rows]


@pytest.mark.engines
@pytest.mark.parametrize(
    ("text", "filters", "count"),
    [
        ("SELECT count() FROM events WHERE {filters}", None, 4),
        ("SELECT count() FROM events WHERE {filters}", Filters(), 4),
        ("SELECT count() FROM events WHERE {filters}", Filters(bought), 1),
        ("SELECT count() FROM events WHERE {filters}", Filters(date_from=NOON), 2),
        ("SELECT count() FROM events WHERE {filters}", Filters(date_to=NOON), 2),
        ("SELECT count() FROM events e JOIN persons p ON e.person_id = p.id WHERE {filters}", Filters(bought), 1),
        ("SELECT count() FROM (SELECT 1 FROM events WHERE {filters})", Filters(bought), 1),
        ("SELECT count() FROM sessions WHERE {filters}", Filters(date_to=NOON), 1),
        ("SELECT count() FROM sessions WHERE {filters}", Filters(date_from=NOON), 0),
        ("SELECT count() FROM groups WHERE {filters}", Filters(bought, date_from=NOON), 0),
        ("SELECT count() FROM events WHERE timestamp >= {filters.dateRange.from}", Filters(date_from=NOON), 2),
        ("SELECT count() FROM events WHERE timestamp >= {filters.dateRange.from}", Filters(), 4),
        ("SELECT count() FROM events WHERE NOT (timestamp < {filters.dateRange.to})", Filters(date_to=NOON), 2),
        ("SELECT count() FROM events WHERE event = {variables.event}", None, 1),
        ("SELECT count() FROM events WHERE has({variables.events}, event)", None, 4),
        ("SELECT count() FROM events WHERE properties.price > {variables.least}", None, 1),
        ("SELECT count() FROM events WHERE properties.price = {variables.nothing}", None, 2),
        ("SELECT arraySum({variables.ids}) + 0", None, 3),
        ("SELECT count() FROM events WHERE event = {event}", None, 3),
        ("SELECT count() FROM events WHERE matchesAction('Bought')", None, 1),
        ("SELECT count() FROM events WHERE matchesAction(1) OR matchesAction('Anything')", None, 4),
        ("SELECT countIf(matchesAction(1)) FROM events e JOIN persons p ON p.id = e.person_id", None, 1),
        ("SELECT count() FROM events WHERE person_id IN COHORT 5", None, 2),
        ("SELECT count() FROM events WHERE person_id NOT IN COHORT 'Grown-ups'", None, 2),
        ("SELECT count() FROM events WHERE NOT person_id IN COHORT 'Grown-ups'", None, 2),
        ("SELECT count() FROM events WHERE person_id IN COHORT 6", None, 0),
        ("SELECT count() FROM persons WHERE id IN COHORT 5", None, 1),
        (f"WITH cohort_people AS (SELECT toUUID('{ANN}') AS person_id, 6 AS cohort_id) "
         "SELECT count() FROM persons WHERE id IN COHORT 6", None, 0),
    ],
)  # fmt: skip
def test_it_stands_for_what_the_scope_says(two_teams: Any, text: str, filters: Filters | None, count: int) -> None:
    assert ask(two_teams, text, replace(SCOPE, filters=filters)) == [(count,)]


@pytest.mark.parametrize(
    ("text", "message", "marked"),
    [
        (
            "SELECT {variables.evnt}",
            "there is no variable “evnt”. Did you mean “event” or “events”?",
            "{variables.evnt}",
        ),
        ("SELECT {evnt}", "there is no value “evnt”. Did you mean “event”?", "{evnt}"),
        ("SELECT {a.b.c}", "{a.b.c} is not known", "{a.b.c}"),
        (
            "SELECT count() FROM persons WHERE {filters}",
            "{filters} needs one of the tables events, sessions, groups in the same SELECT",
            "{filters}",
        ),
        (
            "SELECT count() FROM events WHERE {filters.properties}",
            "{filters.properties} is not known; there are {filters}, {filters.dateRange.from} and "
            "{filters.dateRange.to}",
            "{filters.properties}",
        ),
        (
            "SELECT count() FROM events WHERE timestamp > toStartOfDay({filters.dateRange.to})",
            "{filters.dateRange.to} is not set; it may stand only beside =, <, <=, >, >= or !=",
            "{filters.dateRange.to}",
        ),
        (
            "SELECT count() FROM sessions WHERE {filters}",
            "a filter of the type “event” can't be used on sessions",
            "{filters}",
        ),
        (
            "SELECT count() FROM events WHERE person_id IN COHORT 'Grownups'",
            "there is no cohort “Grownups”. Did you mean “Grown-ups”?",
            "person_id IN COHORT 'Grownups'",
        ),
        ("SELECT count() FROM events WHERE person_id IN COHORT 7", "there is no cohort “7”.", "person_id IN COHORT 7"),
        ("SELECT matchesAction('Bougt') FROM events", "there is no action “Bougt”. Did you mean “Bought”?", ACTION),
        (
            "SELECT matchesAction('Twin') FROM events",
            "several actions are called “Twin”: use an id, one of 3, 4",
            ACTION,
        ),
        ("SELECT matchesAction() FROM events", "“matchesAction” takes the id or the name of an action", ACTION),
        ("SELECT matchesAction(event) FROM events", "“matchesAction” takes the id or the name of an action", ACTION),
        ("SELECT matchesAction(1) FROM persons", "matchesAction needs the table events in the same SELECT", ACTION),
    ],
)
def test_what_is_not_there_is_named_with_its_place(text: str, message: str, marked: str) -> None:
    with pytest.raises(QueryError) as caught:
        compile_select(text, replace(SCOPE, filters=Filters(bought)))
    error = caught.value
    assert error.message == message
    assert text[error.start : error.end] == marked


def test_a_placeholder_names_its_column() -> None:
    assert compile_select("SELECT {variables.event}, 1", SCOPE).columns == ["{variables.event}", "1"]
