"""Fields of events that follow from their columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.types import Kind

_VALUE = r'="((?:[^"\\]|\\.)*)"'
_CLICKED = r"(?:^|;)(a|button|form|input|select|textarea|label)(?:\.|$|:)"


def _all(pattern: str) -> Callable[[nodes.Expr], nodes.Expr]:
    def build(chain: nodes.Expr) -> nodes.Expr:
        return nodes.Call("arrayDistinct", (nodes.Call("extractAll", (chain, nodes.Constant(pattern))),))

    return build


def _href(chain: nodes.Expr) -> nodes.Expr:
    """The innermost one."""
    return nodes.Call("extract", (chain, nodes.Constant(f'(?::|")href{_VALUE}')))


_OF_ELEMENTS: Mapping[str, tuple[Kind, Callable[[nodes.Expr], nodes.Expr]]] = {
    "elements_chain_href": (Kind.STRING, _href),
    "elements_chain_texts": (Kind.ARRAY, _all(f'(?::|")text{_VALUE}')),
    "elements_chain_ids": (Kind.ARRAY, _all(f'(?::|")attr_id{_VALUE}')),
    "elements_chain_elements": (Kind.ARRAY, _all(_CLICKED)),
}

VIRTUAL = {name: kind for name, (kind, _) in _OF_ELEMENTS.items()}


def virtual(name: str, columns: Mapping[str, nodes.Column]) -> nodes.Expr:
    """One of VIRTUAL, of the columns of events."""
    return _OF_ELEMENTS[name][1](columns["elements_chain"])


def said_of_person(columns: Mapping[str, nodes.Column], path: nodes.Path) -> nodes.Expr:
    """A property of the person as the event itself says it: in `$set`, or else in `$set_once`."""
    base = columns["properties"]
    return nodes.Call("coalesce", tuple(nodes.Property(base, (where, *path)) for where in ("$set", "$set_once")))
