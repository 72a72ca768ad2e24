r"""Conditions on the elements that an event of autocapture came through: any of them may be the one that is meant.

Events carry them as one text (`events/elements_chain.py` says how). Values are taken out of it by reading it from its
first character on, so that `text="…"` inside another value is not taken for an element's text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from analytics_pipelines.insights.selectors import VALUE, selector_pattern
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError

_CHAIN = nodes.Name(("elements_chain",))
_NAMES = {"text": "text", "href": "(?:attr__)?href"}
_NEGATED = {
    "is_not": "exact",
    "not_in": "exact",
    "not_icontains": "icontains",
    "not_regex": "regex",
    "is_not_set": "is_set",
}


def element_condition(key: str, operator: str, value: Any) -> nodes.Expr:
    """`key`: `selector`, `tag_name`, `href` or `text`. A negative operator keeps what has no elements at all.

    QueryError for another key or operator, or a selector that can't be read.
    """
    if operator in _NEGATED:
        return nodes.Not(element_condition(key, _NEGATED[operator], value))
    values = [str(each) for each in (value if isinstance(value, list) else [value]) if each is not None]
    if key in ("selector", "tag_name"):
        return _selected(key, operator, values)
    if key not in _NAMES:
        raise QueryError(f"elements have no “{key}”; one of selector, tag_name, href, text")
    if operator == "is_set":
        return nodes.Call("notEmpty", (_values(key),))
    build = _OPERATORS.get(operator)
    if build is None:
        raise QueryError(f"the operator “{operator}” can't be used on the {key} of elements")
    return _any([_exists(key, build(text)) for text in values])


def _selected(key: str, operator: str, values: list[str]) -> nodes.Expr:
    if operator not in ("exact", "in"):
        raise QueryError(f"the operator “{operator}” can't be used on the {key} of elements")
    if key == "tag_name":
        values = [re.sub(r"([^\w-])", r"\\\1", each) for each in values]
    return _any([nodes.Call("match", (_CHAIN, nodes.Constant(selector_pattern(each)))) for each in values])


def _any(found: list[nodes.Expr]) -> nodes.Expr:
    true = [nodes.Compare("=", each, nodes.Constant(1)) for each in found]
    return nodes.Logic("OR", tuple(true)) if len(true) > 1 else true[0] if true else nodes.Constant(False)


def _values(key: str) -> nodes.Expr:
    """The values of an attribute, of all elements. A token is all up to the end of a value."""
    token = nodes.Name(("token",))
    tokens = nodes.Call("extractAll", (_CHAIN, nodes.Constant(f'(?s)[^"]*"{VALUE}"')))
    named = nodes.Call("match", (token, nodes.Constant(f'^(?:[^"]*:)?{_NAMES[key]}="')))
    quoted = nodes.Call("extract", (token, nodes.Constant('(?s)^[^"]*"(.*)"$')))
    value = nodes.Call("replaceRegexpAll", (quoted, nodes.Constant(r"\\([\\\"])"), nodes.Constant(r"\1")))
    found = nodes.Call("arrayFilter", (nodes.Lambda(("token",), named), tokens))
    return nodes.Call("arrayMap", (nodes.Lambda(("token",), value), found))


def _exists(key: str, test: nodes.Expr) -> nodes.Expr:
    return nodes.Call("arrayExists", (nodes.Lambda(("value",), test), _values(key)))


_VALUE = nodes.Name(("value",))


def _equal(text: str) -> nodes.Expr:
    return nodes.Compare("=", _VALUE, nodes.Constant(text))


def _like(text: str) -> nodes.Expr:
    pattern = re.sub(r"([\\%_])", r"\\\1", text)
    return nodes.Compare("ILIKE", _VALUE, nodes.Constant(f"%{pattern}%"))


def _regex(text: str) -> nodes.Expr:
    return nodes.Call("match", (_VALUE, nodes.Constant(text)))


_OPERATORS: Mapping[str, Callable[[str], nodes.Expr]] = {
    "exact": _equal,
    "in": _equal,
    "icontains": _like,
    "contains": _like,
    "regex": _regex,
}
