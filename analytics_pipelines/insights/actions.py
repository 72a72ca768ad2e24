"""Saved actions as conditions: any of the steps, and of a step all that it says.

What a step says of elements (selector, tag, href, text) counts only where its event is `$autocapture`.
"""

from __future__ import annotations

import re
from typing import Literal

from pydantic import ValidationError

from analytics_pipelines.insights.elements import element_condition
from analytics_pipelines.insights.filters import PropertyFilter, PropertyGroup, all_of, condition, joined
from analytics_pipelines.insights.model import Model
from analytics_pipelines.insights.team import Action, Context
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

AUTOCAPTURE = "$autocapture"
_URL = nodes.Name(("properties", "$current_url"), raw=True)

Matching = Literal["contains", "regex", "exact"]


class ActionStep(Model):
    """What is left out, or empty, says nothing. Texts and addresses match as a whole unless told otherwise, a page's
    address (`url`) by any part of it."""

    event: str | None = None
    url: str | None = None
    url_matching: Matching | None = None
    selector: str | None = None
    tag_name: str | None = None
    href: str | None = None
    href_matching: Matching | None = None
    text: str | None = None
    text_matching: Matching | None = None
    properties: list[PropertyFilter | PropertyGroup] | PropertyGroup | None = None
    harmless = frozenset({"id", "name", "isNew", "selector_regex"})


def action_condition(action: Action, context: Context) -> nodes.Expr | None:
    """What is true of the events that match an action; None when all do: without steps, or with one that says
    nothing. QueryError for a step that can't be understood."""
    steps = [_step(_read(step), context) for step in action.steps]
    known = [each for each in steps if each is not None]
    return joined("OR", known) if len(known) == len(steps) else None


def _read(step: object) -> ActionStep:
    try:
        return ActionStep.model_validate(step)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise QueryError(f"a step of the action: {where}: {first['msg']}") from error


def _step(step: ActionStep, context: Context) -> nodes.Expr | None:
    event = nodes.Compare("=", nodes.Name(("event",)), nodes.Constant(step.event)) if step.event else None
    elements = _elements(step) if step.event == AUTOCAPTURE else []
    return all_of(event, _url(step), *elements, condition(step.properties, context))


def _elements(step: ActionStep) -> list[nodes.Expr]:
    said = (
        ("selector", None, step.selector),
        ("tag_name", None, step.tag_name),
        ("href", step.href_matching, step.href),
        ("text", step.text_matching, step.text),
    )
    return [element_condition(key, matching or "exact", value) for key, matching, value in said if value]


def _url(step: ActionStep) -> nodes.Expr | None:
    if not step.url:
        return None
    match step.url_matching:
        case "exact":
            return nodes.Compare("=", _URL, nodes.Constant(step.url))
        case "regex":
            return nodes.Compare("=", nodes.Call("match", (_URL, nodes.Constant(step.url))), nodes.Constant(1))
        case _:
            pattern = re.sub(r"([\\%_])", r"\\\1", step.url)
            return nodes.Compare("LIKE", _URL, nodes.Constant(f"%{pattern}%"))
