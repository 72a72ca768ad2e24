"""What ClickHouse says of a query that it refused, in the words and at the places of the text that a person wrote."""

from __future__ import annotations

import re

from analytics_pipelines.sql.errors import QueryError

_NOT_GROUPED = 215
_SIGNS = {
    "plus": "+",
    "minus": "-",
    "multiply": "*",
    "divide": "/",
    "modulo": "%",
    "equals": "=",
    "notEquals": "!=",
    "less": "<",
    "lessOrEquals": "<=",
    "greater": ">",
    "greaterOrEquals": ">=",
}
_OUR_QUERY = re.compile(
    r"(?::|\.)?\s+(?:In query|[Ii]n scope|[Ww]hile (?:executing|converting|processing)) .*", re.DOTALL
)
_COLUMN = re.compile(r"Column '?`?(?:[\w$]+`?\.)*`?([\w$]+)`?'? is not under aggregate")
_FUNCTION = re.compile(r"function '?(\w+)'?")
_VALUE = re.compile(r"(?:parse (?:string|uuid) |unexpected date: |unexpected datetime: )'?([^':]+?)'?(?::| as |$)")
_OURS = re.compile(r"`?\b(?:__table\d+|_[a-z]\w*)`?\.|\{\w+:\w+\}|(?<!\w)(?:/[\w.-]+){2,}")
_MOST = 500


def explained(code: int, message: str, text: str) -> QueryError:
    """`text` is what the person wrote; without a place in it the error has none."""
    said = _OURS.sub("", _OUR_QUERY.sub("", message)).strip()[:_MOST] or "ClickHouse refused the query"
    if code == _NOT_GROUPED and (column := _COLUMN.search(message)):
        name = column.group(1)
        place = next(iter(_places(rf"(?<![\w$]){re.escape(name)}(?![\w$])", text)), None)
        called = f"“{name}”" if place else "a column"
        return QueryError(f"{called} must stand in GROUP BY or inside an aggregate", *(place or ()))
    for pattern, written in ((_FUNCTION, _call), (_VALUE, _literal)):
        for found in pattern.finditer(message):
            places = _places(written(found.group(1)), text)
            if len(places) == 1:
                return QueryError(said, *places[0])
    return QueryError(said)


def _call(name: str) -> str:
    sign = _SIGNS.get(name)
    return rf"(?<![<>=!]){re.escape(sign)}(?![<>=])" if sign else rf"\b{re.escape(name)}(?=\s*\()"


def _literal(value: str) -> str:
    return re.escape(f"'{value}'")


def _places(pattern: str, text: str) -> list[tuple[int, int]]:
    return [match.span() for match in re.finditer(pattern, text, re.IGNORECASE)]
