"""The second wall: the finished text is read again, word by word, by code that shares nothing
with the parser or the printer but the lists of tables and functions.

It knows only what our printer writes, which has no string literals, no comments, and no bare
words but keywords, types, functions and guards. Anything else stops the query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from analytics_pipelines.sql import functions, types
from analytics_pipelines.sql.schema import INTERNAL_SCHEMA, SCHEMA, Schema, Table

_TOKEN = re.compile(
    r"""
      (?P<space>[ ]+)
    | (?P<quoted>`[^`\\\x00-\x1f]+`)
    | (?P<parameter>\{[A-Za-z_][A-Za-z0-9_]*:[A-Za-z0-9()]+\})
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>[0-9]+)
    | (?P<sign>->|!=|<=|>=|[(),.=<>*])
    """,
    re.VERBOSE,
)
_KEYWORD_LIST = """
    SELECT DISTINCT FROM AS WHERE GROUP BY HAVING ORDER ASC DESC NULLS FIRST LAST LIMIT OFFSET
    WITH UNION ALL ANY SEMI ANTI INNER LEFT RIGHT FULL CROSS JOIN ON USING AND OR NOT IN BETWEEN
    CASE WHEN THEN ELSE END CAST NULL OVER PARTITION ROWS RANGE UNBOUNDED PRECEDING FOLLOWING
    CURRENT ROW INTERSECT EXCEPT ARRAY TIES
"""
_KEYWORDS = frozenset(_KEYWORD_LIST.split())
_BEFORE_SOURCE = {"FROM", "JOIN"}
_OURS = frozenset({"JSONExtract", "isNotDistinctFrom", "isDistinctFrom"})
_PARAMETER_TYPE = re.compile(
    r"Bool|U?Int(8|16|32|64|128|256)|Float64|String|UUID|Date32|Array\((Int64|Float64|String|UUID)\)"
)
_CTE_NAME = re.compile(r"`_cte_[0-9]+`")


class UnsafeQuery(Exception):
    """The printed text holds what we never print: a fault of ours, and the query must not run."""


def recheck(sql: str, parameters: Mapping[str, object], schema: Schema = SCHEMA) -> None:
    """Returns for a safe text, raises UnsafeQuery for any other."""
    tokens = _tokens(sql)
    guards = [_guard(table.name, schema) for table in schema.values()]
    tables = {table.physical for table in schema.values()}
    depth, index, guarded = 0, 0, 0
    while index < len(tokens):
        word = tokens[index]
        opens = tokens[index : index + 2] == ["(", "SELECT"]
        length = next(filter(None, (guard.length(tokens, index) for guard in guards)), 0) if opens else 0
        if length:
            if index == 0 or tokens[index - 1] not in _BEFORE_SOURCE:
                raise UnsafeQuery("a guard out of place")
            guarded += 1
            index += length
            continue
        depth += {"(": 1, ")": -1}.get(word, 0)
        if depth < 0:
            raise UnsafeQuery("brackets do not match")
        if word in tables and not word.startswith("`"):
            raise UnsafeQuery(f"the table {word} without its guard")
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        _check(word, following, tokens[max(index - 2, 0) : index], parameters, schema is INTERNAL_SCHEMA)
        index += 1
    if depth or not tokens or tokens[0] not in ("SELECT", "WITH", "("):
        raise UnsafeQuery("not one whole SELECT")
    if guarded and type(parameters.get("team_id")) is not int:
        raise UnsafeQuery("no team")


class _Guard:
    """The one form in which a table may be read: columns of its list, of one team."""

    def __init__(self, table: Table) -> None:
        self._items = {tuple(_tokens(item)): name for name, item in table.items()}
        self._lengths = sorted({len(item) for item in self._items}, reverse=True)
        self.table = table

    def length(self, tokens: list[str], index: int) -> int:
        """How many tokens a guard of this table takes from here; 0 where there is none."""
        used = self._used(tokens, index)
        if used is None:
            return 0
        whole = _tokens(self.table.guarded(used))
        return len(whole) if tokens[index : index + len(whole)] == whole else 0

    def _used(self, tokens: list[str], index: int) -> list[str] | None:
        if tokens[index : index + 2] != ["(", "SELECT"]:
            return None
        place, used = index + 2, list[str]()
        while True:
            items = (tuple(tokens[place : place + length]) for length in self._lengths)
            item = next((item for item in items if item in self._items), None)
            if item is None:
                return used or ([] if tokens[place : place + 2] == ["1", "FROM"] else None)
            used.append(self._items[item])
            place += len(item)
            if tokens[place : place + 1] != [","]:
                return used
            place += 1


def _tokens(sql: str) -> list[str]:
    found, position = [], 0
    while position < len(sql):
        match = _TOKEN.match(sql, position)
        if match is None:
            raise UnsafeQuery(f"an unexpected sign at {position}")
        if match.lastgroup != "space":
            found.append(match.group())
        position = match.end()
    return found


_GUARDS = {table.name: _Guard(table) for table in INTERNAL_SCHEMA.values()}


def _guard(name: str, schema: Schema) -> _Guard:
    known = _GUARDS.get(name)
    return known if known and known.table is schema[name] else _Guard(schema[name])


def _check(word: str, following: str, before: list[str], parameters: Mapping[str, object], internal: bool) -> None:
    """`before` holds the two tokens before the word, or fewer at the start."""
    previous = before[-1] if before else ""
    if word.startswith("{"):
        name, _, type_ = word[1:-1].partition(":")
        if name not in parameters or not _PARAMETER_TYPE.fullmatch(type_):
            raise UnsafeQuery(f"the parameter {word}")
    elif word[0].isalpha() or word[0] == "_":
        _check_word(word, following, internal)
    if previous in _BEFORE_SOURCE and before[0] != "ARRAY" and word != "(" and not _CTE_NAME.fullmatch(word):
        raise UnsafeQuery(f"{word} as a table")
    if previous == "IN" and word != "(":
        raise UnsafeQuery(f"{word} after IN")
    if before == ["IN", "("] and word.startswith("`"):
        raise UnsafeQuery(f"{word} in the brackets of IN, where it could be a table")
    if word == "*" and previous != "SELECT":
        raise UnsafeQuery("a star out of place")


def _check_word(word: str, following: str, internal: bool) -> None:
    if word in _KEYWORDS or word in types.WORDS:
        return
    function = functions.find(word, internal=internal)
    known = word in _OURS or (function is not None and function.name == word)
    if not known or following != "(":
        raise UnsafeQuery(f"the word {word}")
