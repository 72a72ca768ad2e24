"""What a query leaves to its scope: `{filters}`, `{variables.x}`, cohorts and actions by name or id."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, TypeGuard

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.scope import Filters, Scope

if TYPE_CHECKING:
    from analytics_pipelines.sql.names import Names

MOMENTS = {"events": "timestamp", "sessions": "$start_timestamp", "groups": "created_at"}
"""The tables that `{filters}` can narrow, and the column that its dates are about."""

_SUPPORTED = "{filters}, {filters.dateRange.from} and {filters.dateRange.to}"


def placeholder(names: Names, node: nodes.Placeholder) -> nodes.Expr:
    """What stands for it, resolved. QueryError where the scope has nothing."""
    first, rest = node.path[0], node.path[1:]
    place = node.span or ()
    if first == "filters":
        if not rest:
            return _filters(names, node)
        if is_bound(node):
            found = bound(names.scope, node)
            if found is None:
                raise QueryError(f"{_braces(node)} is not set; it may stand only beside =, <, <=, >, >= or !=", *place)
            return nodes.Constant(found)
        raise QueryError(f"{_braces(node)} is not known; there are {_SUPPORTED}", *place)
    if first == "variables" and len(rest) == 1:
        return nodes.Constant(_named(rest[0], names.scope.variables, "variable", node))
    if not rest:
        return nodes.Constant(_named(first, names.scope.values, "value", node))
    raise QueryError(f"{_braces(node)} is not known", *place)


def is_bound(expr: nodes.Expr) -> TypeGuard[nodes.Placeholder]:
    """Whether it stands for one end of the dates that are asked about."""
    return isinstance(expr, nodes.Placeholder) and expr.path in (
        ("filters", "dateRange", "from"),
        ("filters", "dateRange", "to"),
    )


def bound(scope: Scope, node: nodes.Placeholder) -> datetime | None:
    filters = scope.filters or Filters()
    return filters.date_from if node.path[-1] == "from" else filters.date_to


def in_cohort(names: Names, node: nodes.InCohort) -> nodes.In:
    """Whether a person is among the members, resolved."""
    cohort_id = _id(node.cohort, names.scope.cohorts, "cohort", node.span)
    members = nodes.Select(
        (nodes.Item(nodes.Name(("person_id",)), "person_id"),),
        nodes.TableName("cohort_people"),
        where=nodes.Compare("=", nodes.Name(("cohort_id",)), nodes.Constant(cohort_id)),
    )
    return nodes.In(names.expr(node.left), names.resolve_own(members), node.negated)


def matches_action(names: Names, call: nodes.Call) -> nodes.Expr:
    """`matchesAction(7)` or `matchesAction('Signed up')`, resolved."""
    place = call.span or ()
    wanted = call.args[0].value if len(call.args) == 1 and isinstance(call.args[0], nodes.Constant) else None
    if isinstance(wanted, bool) or not isinstance(wanted, (int, str)):
        raise QueryError("“matchesAction” takes the id or the name of an action", *place)
    known = {action_id: action.name for action_id, action in names.scope.actions.items()}
    action = names.scope.actions[_id(wanted, known, "action", call.span)]
    alias = _only(names, ("events",), "matchesAction needs the table events", call.span)
    try:
        condition = action.condition()
        return names.within(alias).expr(condition) if condition is not None else nodes.Constant(True)
    except QueryError as error:  # its places are none of this text
        raise QueryError(error.message, *place) from None


def _filters(names: Names, node: nodes.Placeholder) -> nodes.Expr:
    alias = _only(names, tuple(MOMENTS), f"{{filters}} needs one of the tables {', '.join(MOMENTS)}", node.span)
    filters = names.scope.filters
    if filters is None:
        return nodes.Constant(True)
    table = names.tables[alias]
    moment = nodes.Name((MOMENTS[table],))
    bounds = ((">=", filters.date_from), ("<", filters.date_to))
    parts: list[nodes.Expr] = [
        nodes.Compare(operator, moment, nodes.Constant(edge)) for operator, edge in bounds if edge is not None
    ]
    inside = names.within(alias)
    try:
        if (condition := filters.condition(table)) is not None:
            parts.append(condition)
        resolved = tuple(inside.expr(part) for part in parts)
    except QueryError as error:  # its places are none of this text
        raise QueryError(error.message, *(node.span or ())) from None
    return nodes.Logic("AND", resolved) if len(resolved) > 1 else next(iter(resolved), nodes.Constant(True))


def _only(names: Names, tables: tuple[str, ...], otherwise: str, span: nodes.Span) -> str:
    """The source that is the first of these tables."""
    for table in tables:
        for alias, name in names.tables.items():
            if name == table:
                return alias
    raise QueryError(f"{otherwise} in the same SELECT", *(span or ()))


def _named(name: str, known: Mapping[str, nodes.Value], what: str, node: nodes.Placeholder) -> nodes.Value:
    if name not in known:
        raise QueryError(f"there is no {what} “{name}”.{_hint(name, known)}", *(node.span or ()))
    return known[name]


def _id(wanted: int | str, known: Mapping[int, str], what: str, span: nodes.Span) -> int:
    found = [id_ for id_, name in known.items() if wanted in (id_, name)]
    if not found:
        hint = _hint(wanted, known.values()) if isinstance(wanted, str) else ""
        raise QueryError(f"there is no {what} “{wanted}”.{hint}", *(span or ()))
    if len(found) > 1:
        ids = ", ".join(map(str, sorted(found)))
        raise QueryError(f"several {what}s are called “{wanted}”: use an id, one of {ids}", *(span or ()))
    return found[0]


def _hint(name: str, known: Iterable[str]) -> str:
    """` Did you mean “a”, “b” or “c”?`, or nothing."""
    close = [f"“{each}”" for each in difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)]
    listed = " or ".join(filter(None, (", ".join(close[:-1]), *close[-1:])))
    return f" Did you mean {listed}?" if close else ""


def _braces(node: nodes.Placeholder) -> str:
    return "{" + ".".join(node.path) + "}"
