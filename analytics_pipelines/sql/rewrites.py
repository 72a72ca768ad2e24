"""Calls that are printed otherwise than they were written: zones, week starts, text as numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.infer import is_loose, kind_of
from analytics_pipelines.sql.types import Kind

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
