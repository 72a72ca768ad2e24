"""What an event is called in a path."""

from __future__ import annotations

import re

from analytics_pipelines.insights.asked import ACTOR, EVENTS, TIMESTAMP, both, call, compared, item, name
from analytics_pipelines.insights.filters import joined
from analytics_pipelines.insights.intervals import within
from analytics_pipelines.insights.paths.model import CleaningRule, PathsFilter, PathsQuery
from analytics_pipelines.insights.series import event_is
from analytics_pipelines.insights.team import Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import parse_expression

ITEM, AT = "item", "at"
_EVENT = name("event")


def named_events(query: PathsQuery, context: Context, *, of_anybody: bool = False) -> nodes.Select:
    """`actor_id, at, item`: each event that counts, with its time in microseconds and its name in a path.

    `of_anybody`: the items alone, without looking up whose they are.
    """
    asked = query.paths_filter
    whose = (item(ACTOR, query.who), item(AT, call("toUnixTimestamp64Micro", TIMESTAMP)))
    events = nodes.Select(
        (*(() if of_anybody else whose), item(ITEM, _grouped(_cleaned(_item(asked), asked, context), asked))),
        EVENTS,
        where=both(within(query.range(context)), _included(asked), query.filters(context), query.has_actor()),
    )
    if not asked.exclude:
        return events
    return nodes.Select(
        tuple(item(each.name, name(each.name)) for each in events.items),
        nodes.Derived(events, "named"),
        where=nodes.In(name(ITEM), tuple(nodes.Constant(each) for each in asked.exclude), negated=True),
    )


def _included(asked: PathsFilter) -> nodes.Expr | None:
    found: list[nodes.Expr] = [event_is(kind) for kind in ("$pageview", "$screen") if kind in asked.include]
    if "custom_event" in asked.include:
        found.append(compared(call("startsWith", _EVENT, "$"), "=", 0))
    return joined("OR", found)


def _item(asked: PathsFilter) -> nodes.Expr:
    """The URL of a page without its last slash, the name of a screen, the value of the expression, or the event's
    name; never NULL."""
    found = _EVENT
    if asked.expression and asked.includes("hogql"):
        found = call("toString", parse_expression(asked.expression))
    if asked.includes("$screen"):
        screen = nodes.Name(("properties", "$screen_name"), raw=True)
        found = call("if", event_is("$screen"), screen, found)
    if asked.includes("$pageview"):
        url = nodes.Name(("properties", "$current_url"), raw=True)
        found = call("if", event_is("$pageview"), _without_slash(url), found)
    return call("ifNull", found, "")


def _without_slash(url: nodes.Expr) -> nodes.Expr:
    """As a regular expression it would take three times as long, and most events of a visit are pages."""
    more = both(compared(call("endsWith", url, "/"), "=", 1), compared(call("length", url), ">", 1))
    return call("if", more, call("substring", url, 1, call("minus", call("length", url), 1)), url)


def _cleaned(found: nodes.Expr, asked: PathsFilter, context: Context) -> nodes.Expr:
    """After the project's rules, where they are asked for, and then the question's own, each on what the one before
    left."""
    ours = [CleaningRule.model_validate(each) for each in context.team.path_cleaning_filters] if asked.clean else []
    for rule in (*ours, *asked.cleaning_rules):
        if rule.regex:
            found = call("replaceRegexpAll", found, rule.regex, rule.alias or "")
    return found


def _grouped(found: nodes.Expr, asked: PathsFilter) -> nodes.Expr:
    """The first of the groups that it matches, in which `*` stands for anything."""
    if not asked.groupings:
        return found
    branches = [
        part
        for group in asked.groupings
        for part in (
            compared(call("match", found, re.escape(group).replace(r"\*", ".*")), "=", 1),
            nodes.Constant(group),
        )
    ]
    return call("multiIf", *branches, found)
