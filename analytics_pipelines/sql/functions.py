"""Finding a function by the name that a query gives it."""

from __future__ import annotations

import difflib
from dataclasses import replace

from analytics_pipelines.sql.function_list import CATEGORIES, INTERNAL, Function

FUNCTIONS = {name: function for functions in CATEGORIES.values() for name, function in functions.items()}
_BY_LOWER = {name.lower(): function for name, function in FUNCTIONS.items()}

COMBINATORS = {"If": 1, "OrNull": 0, "OrDefault": 0, "Distinct": 0, "Array": 0, "ForEach": 0, "Map": 0}
"""Suffixes of aggregates, with the arguments that each adds."""

_NEVER_NULL = """
    count countIf uniq uniqIf uniqExact uniqExactIf groupArray groupUniqArray windowFunnel isNull
    isNotNull assumeNotNull empty notEmpty has and or not now today yesterday row_number rank
    dense_rank array tuple JSONExtractString JSONHas
"""
NEVER_NULL = frozenset(_NEVER_NULL.split())
_MAKES_NULL = """
    nullIf toNullable toInt toFloat arrayElementOrNull toUUIDOrNull toInt64OrNull toInt32OrNull
    toUInt64OrNull toFloat64OrNull toFloat32OrNull toDateOrNull toDateTimeOrNull
    parseDateTimeBestEffortOrNull parseDateTime64BestEffortOrNull transform tryBase64Decode
    lagInFrame leadInFrame lag lead nth_value
"""
MAKES_NULL = frozenset(_MAKES_NULL.split())


def find(name: str, *, internal: bool = False) -> Function | None:
    """By exact name, then without regard to case, then as an aggregate with combinators.

    `internal` ones are there for insights only."""
    exact = FUNCTIONS.get(name) or _BY_LOWER.get(name.lower()) or (INTERNAL.get(name) if internal else None)
    if exact:
        return exact
    for suffix, extra in COMBINATORS.items():
        stem = name.removesuffix(suffix)
        if stem in ("", name):
            continue
        inner = find(stem, internal=internal)
        if inner and inner.aggregate:
            most = inner.most if inner.most < 0 else inner.most + extra
            return replace(inner, name=inner.name + suffix, least=inner.least + extra, most=most)
    return None


def suggestion(name: str) -> str:
    """` Did you mean “uniq”?`, or nothing."""
    close = difflib.get_close_matches(name.lower(), _BY_LOWER, n=1, cutoff=0.7)
    return f" Did you mean “{_BY_LOWER[close[0]].name}”?" if close else ""
