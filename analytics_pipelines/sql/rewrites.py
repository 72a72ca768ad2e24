"""Calls that are printed otherwise than they were written: zones, week starts, text as numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.infer import is_loose, kind_of
from analytics_pipelines.sql.types import WORDS, Kind

if TYPE_CHECKING:
    from analytics_pipelines.sql.printer import Printer

Rewrite = Callable[["Printer", nodes.Call], str]

_NUMERIC_NAMES = """
    plus minus multiply divide intDiv intDivOrZero modulo negate abs sign round floor ceil trunc
    sqrt exp log ln log2 log10 pow power sum sumIf avg avgIf median medianIf quantile quantileIf
    quantileExact quantileTDigest quantiles stddevPop stddevSamp varPop varSamp corr
"""
_NUMERIC = frozenset(_NUMERIC_NAMES.split())
"""Here a property, which is text, is read as a number."""


def find(name: str) -> Rewrite | None:
    if name in _NUMERIC:
        return _numeric
    return _REWRITES.get(name)


def _numeric(printer: Printer, call: nodes.Call) -> str:
    args = tuple(nodes.Call("toFloat64OrNull", (arg,)) if is_loose(arg) else arg for arg in call.args)
    return printer.plain_call(replace(call, args=args))


def _now(printer: Printer, call: nodes.Call) -> str:
    return f"now({printer.zone()})"


def _today(printer: Printer, call: nodes.Call) -> str:
    return f"toDate(now({printer.zone()}))"


def _yesterday(printer: Printer, call: nodes.Call) -> str:
    return f"subtractDays(toDate(now({printer.zone()})), 1)"


def _parsed(printer: Printer, text: nodes.Expr, scale: str = "6") -> str:
    """Text as a moment: a literal must be one, a value that is not one is missing."""
    name = "parseDateTime64BestEffort"
    if not isinstance(text, nodes.Constant):
        name += "OrNull"
    return f"{name}({printer.expr(text)}, {scale}, {printer.zone()})"


def _to_datetime(printer: Printer, call: nodes.Call) -> str:
    if len(call.args) == 2:
        return printer.plain_call(call)
    if kind_of(call.args[0]) is Kind.STRING:
        return _parsed(printer, call.args[0])
    return f"toDateTime({printer.expr(call.args[0])}, {printer.zone()})"


def _to_datetime64(printer: Printer, call: nodes.Call) -> str:
    scale = printer.digits(call.args[1]) if len(call.args) > 1 else "6"
    if len(call.args) == 3:
        zone = printer.expr(call.args[2])
        return f"toDateTime64({printer.expr(call.args[0])}, {scale}, {zone})"
    if kind_of(call.args[0]) is Kind.STRING:
        return _parsed(printer, call.args[0], scale)
    return f"toDateTime64({printer.expr(call.args[0])}, {scale}, {printer.zone()})"


def _to_date(printer: Printer, call: nodes.Call) -> str:
    if kind_of(call.args[0]) is Kind.STRING:
        return f"{call.name}({_parsed(printer, call.args[0])})"
    return printer.plain_call(call)


def _best_effort(printer: Printer, call: nodes.Call) -> str:
    args = [printer.expr(call.args[0])]
    rest = call.args[1:]
    if "64" in call.name:
        args.append(printer.digits(rest[0]) if rest else "6")
        rest = rest[1:]
    args.append(printer.expr(rest[0]) if rest else printer.zone())
    return f"{call.name}({', '.join(args)})"


def _now64(printer: Printer, call: nodes.Call) -> str:
    scale = printer.digits(call.args[0]) if call.args else "3"
    return f"now64({scale}, {printer.zone()})"


_UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")


def _date_add(printer: Printer, call: nodes.Call) -> str:
    """`dateAdd(moment, interval)`, or `dateAdd('day', 2, moment)`."""
    word = "add" if call.name == "dateAdd" else "subtract"
    if len(call.args) == 2:
        return printer.call(nodes.Call("plus" if word == "add" else "minus", call.args))
    unit, amount, moment = call.args
    name = str(unit.value).lower() if isinstance(unit, nodes.Constant) else ""
    if name not in _UNITS:
        raise QueryError(f"“{call.name}” takes one of {', '.join(map(repr, _UNITS))} first", *(call.span or ()))
    return f"{word}{name.capitalize()}s({as_moment(printer, moment)}, {printer.expr(amount)})"


def as_moment(printer: Printer, expr: nodes.Expr) -> str:
    """Text as a moment, for functions that take one."""
    if kind_of(expr) is Kind.STRING:
        return printer.call(nodes.Call("toDateTime64", (expr, nodes.Constant(6))))
    return printer.expr(expr)


def _of_moments(printer: Printer, call: nodes.Call) -> str:
    """`dateDiff('day', a, b)`: texts are moments too."""
    moments = ", ".join(as_moment(printer, arg) for arg in call.args[1:])
    return f"{call.name}({printer.expr(call.args[0])}, {moments})"


_TYPE = re.compile(r"(?:[A-Za-z0-9]+|[(), ])+")


def _json_extract(printer: Printer, call: nodes.Call) -> str:
    """`JSONExtract(json, 'key', …, 'Array(String)')`: only types that a cast may name."""
    last = call.args[-1].value if isinstance(call.args[-1], nodes.Constant) else None
    words = re.findall(r"\w+", last) if isinstance(last, str) and _TYPE.fullmatch(last) else []
    if not words or not set(words) <= WORDS | {"Tuple", "Map", "LowCardinality"}:
        raise QueryError("“JSONExtract” takes a type last, such as 'Array(String)'", *(call.span or ()))
    return printer.plain_call(call)


def _sortable_semver(printer: Printer, call: nodes.Call) -> str:
    """A version as the list of its numbers, which sorts as versions do: 1.10 after 1.9."""
    text = nodes.Call("extract", (nodes.Call("ifNull", (call.args[0], nodes.Constant(""))), nodes.Constant(_VERSION)))
    number = nodes.Lambda(("part",), nodes.Call("toInt64OrZero", (nodes.Variable("part"),)))
    parts = nodes.Call("splitByChar", (nodes.Constant("."), text))
    return printer.expr(nodes.Call("arrayMap", (number, parts)))


_VERSION = r"\d+(?:\.\d+)*"


def _parse_datetime(printer: Printer, call: nodes.Call) -> str:
    zone = printer.expr(call.args[2]) if len(call.args) == 3 else printer.zone()
    return f"{call.name}({printer.expr(call.args[0])}, {printer.expr(call.args[1])}, {zone})"


def _in_zone(printer: Printer, call: nodes.Call) -> str:
    return f"toTimeZone({printer.plain_call(call)}, {printer.zone()})"


def _week(printer: Printer, call: nodes.Call) -> str:
    """The project decides on which day a week starts, unless the query does."""
    mode = str(printer.scope.week_start_day)
    if len(call.args) == 2:
        mode = printer.digits(call.args[1])
    return f"{call.name}({printer.expr(call.args[0])}, {mode})"


def _scaled(printer: Printer, call: nodes.Call) -> str:
    return f"{call.name}({printer.expr(call.args[0])}, {printer.digits(call.args[1])})"


def _small(printer: Printer, call: nodes.Call) -> str:
    params = f"({', '.join(printer.digits(p) for p in call.params)})" if call.params else ""
    args = printer.digits(call.args[0]) if call.name == "ntile" else printer.list(call.args)
    return f"{call.name}{params}({args}){printer.over(call.over)}"


def _to_number(type_: str) -> Rewrite:
    def rewrite(printer: Printer, call: nodes.Call) -> str:
        text, kind = printer.expr(call.args[0]), kind_of(call.args[0])
        if kind in (Kind.NUMBER, Kind.BOOL):
            return f"to{type_}({text})"
        return f"to{type_}OrNull({text if kind is Kind.STRING else f'toString({text})'})"

    return rewrite


_REWRITES: dict[str, Rewrite] = {
    "now": _now,
    "now64": _now64,
    "dateAdd": _date_add,
    "dateSub": _date_add,
    "dateDiff": _of_moments,
    "age": _of_moments,
    "dateTrunc": _of_moments,
    "JSONExtract": _json_extract,
    "sortableSemver": _sortable_semver,
    "UUIDv7ToDateTime": _in_zone,
    "parseDateTime": _parse_datetime,
    "parseDateTimeOrNull": _parse_datetime,
    "today": _today,
    "yesterday": _yesterday,
    "toDateTime": _to_datetime,
    "toDateTime64": _to_datetime64,
    "toDate": _to_date,
    "toDate32": _to_date,
    "parseDateTimeBestEffort": _best_effort,
    "parseDateTimeBestEffortOrNull": _best_effort,
    "parseDateTime64BestEffort": _best_effort,
    "parseDateTime64BestEffortOrNull": _best_effort,
    "fromUnixTimestamp": _in_zone,
    "fromUnixTimestamp64Milli": _in_zone,
    "fromUnixTimestamp64Micro": _in_zone,
    "toStartOfWeek": _week,
    "toLastDayOfWeek": _week,
    "toDecimal32": _scaled,
    "toDecimal64": _scaled,
    "toDecimal128": _scaled,
    "histogram": _small,
    "ntile": _small,
    "toInt": _to_number("Int64"),
    "toFloat": _to_number("Float64"),
}
