"""What may be written next in a query that is not finished, and so can't be parsed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from analytics_pipelines.sql.database import TYPES
from analytics_pipelines.sql.function_list import CATEGORIES, Function
from analytics_pipelines.sql.metadata import Known, Language
from analytics_pipelines.sql.schema import EVENTS, SCHEMA, Table
from analytics_pipelines.sql.scope import Scope
from analytics_pipelines.sql.virtual import VIRTUAL

_POE = Table("poe", EVENTS.physical, tuple(column for column in EVENTS.columns if column.name == "properties"))

MOST = 200
"""More are not sent, but told: they will be found as more is typed."""

_SOURCE = re.compile(r"\b(?:FROM|JOIN)\s+([A-Za-z_]\w*)(?:\s+(?:AS\s+)?(?!(?:{words})\b)([A-Za-z_]\w*))?".format(
    words="ON|USING|WHERE|PREWHERE|GROUP|ORDER|HAVING|LIMIT|OFFSET|LEFT|RIGHT|FULL|INNER|CROSS|ANY|JOIN|ARRAY|UNION"
    "|INTERSECT|EXCEPT|SELECT"
), re.IGNORECASE)  # fmt: skip
_CTE = re.compile(r"(?:\bWITH|,)\s+([A-Za-z_]\w*)\s+AS\s*\(", re.IGNORECASE)
_CHAIN = re.compile(r"((?:(?:[A-Za-z_$][\w$]*|`[^`]*`)\.)*)([\w$]*)$")
_AFTER_FROM = re.compile(r"\b(?:FROM|JOIN)\s+\w*$", re.IGNORECASE)
_IN_BRACES = re.compile(r"\{[\w.]*$")
_IN_EVENT_NAME = re.compile(r"\bevent\s*(?:=|!=|IN\s*\()\s*'([^']*)$", re.IGNORECASE)
_COHORT = re.compile(r"\bIN\s+COHORT\s+'?([^']*)$", re.IGNORECASE)
_ACTION = re.compile(r"\bmatchesAction\s*\(\s*'?([^')]*)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """`insert` is what takes the place of the word that is being written; `kind` is one of Monaco's."""

    label: str
    insert: str
    kind: str
    detail: str = ""
    documentation: str = ""

    def answer(self) -> dict[str, Any]:
        return {
            "label": self.label,
            "insertText": self.insert,
            "kind": self.kind,
            "detail": self.detail or None,
            "documentation": self.documentation or None,
        }


@dataclass(frozen=True, slots=True)
class Completion:
    suggestions: tuple[Suggestion, ...] = ()
    incomplete: bool = False

    def answer(self) -> dict[str, Any]:
        """In the shape that PostHog gives it."""
        return {"suggestions": [each.answer() for each in self.suggestions], "incomplete_list": self.incomplete}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the project's own names are: properties as in metadata, and events, those used most first."""

    properties: Known = field(default_factory=dict)
    events: Sequence[str] = ()


def complete(text: str, end: int, scope: Scope, vocabulary: Vocabulary, language: Language = "hogQL") -> Completion:
    """For the cursor at the character `end` of the text."""
    before = text[:end]
    sources = {"events": EVENTS} if language == "hogQLExpr" else _sources(text)
    chain = _CHAIN.search(before)
    path, word = (chain.group(1), chain.group(2)) if chain else ("", "")
    if quoted := _IN_EVENT_NAME.search(before):
        return _narrowed((Suggestion(name, name, "Event") for name in vocabulary.events), quoted.group(1))
    if quoted := _COHORT.search(before):
        return _narrowed(_named(scope.cohorts.items(), "cohort"), quoted.group(1))
    if quoted := _ACTION.search(before):
        found = ((id_, action.name) for id_, action in scope.actions.items())
        return _narrowed(_named(found, "action"), quoted.group(1))
    if braces := _IN_BRACES.search(before):
        return _narrowed(_placeholders(scope), braces.group()[1:])
    if _AFTER_FROM.search(before):
        return _narrowed(_tables(text), word)
    if path:
        steps = [step.strip("`") for step in re.findall(r"`[^`]*`|[\w$]+", path)]
        return _narrowed(_inside(steps, sources, vocabulary), word)
    return _narrowed(_anything(sources), word)


def _sources(text: str) -> dict[str, Table]:
    """Alias → table, of all that the text reads."""
    found = {}
    for name, alias in _SOURCE.findall(text):
        if name.lower() in SCHEMA:
            found[alias or name] = SCHEMA[name.lower()]
    return found


def _narrowed(found: Iterable[Suggestion], word: str) -> Completion:
    """Those that begin with the word, then those that hold it."""
    start, word = [], word.lower()
    within = []
    for each in found:
        label = each.label.lower()
        if label.startswith(word):
            start.append(each)
        elif word in label:
            within.append(each)
    both = start + within
    return Completion(tuple(both[:MOST]), len(both) > MOST)


def _tables(text: str) -> Iterator[Suggestion]:
    yield from (Suggestion(name, name, "Class", "CTE") for name in dict.fromkeys(_CTE.findall(text)))
    yield from (Suggestion(name, name, "Folder", "table") for name in SCHEMA)
    yield Suggestion("numbers", "numbers(10)", "Function", "table", "the column “number”, from 0 on")


def _anything(sources: dict[str, Table]) -> Iterator[Suggestion]:
    seen = set[str]()
    for table in sources.values():
        for each in _columns(table):
            if each.label not in seen:
                seen.add(each.label)
                yield each
    yield from (Suggestion(alias, alias, "Class", table.name) for alias, table in sources.items())
    if sources:
        yield Suggestion("matchesAction", "matchesAction()", "Function", "events of a saved action")
    for category, functions in CATEGORIES.items():
        yield from (_function(function, category) for function in functions.values())


def _columns(table: Table) -> Iterator[Suggestion]:
    for column in table.columns:
        yield Suggestion(column.name, _written(column.name), "Variable", TYPES[column.kind])
    for lazy in table.lazy:
        yield Suggestion(lazy.name, lazy.name, "Folder", f"of {lazy.table}")
    if table is EVENTS:
        yield from (Suggestion(name, name, "Variable", TYPES[kind]) for name, kind in VIRTUAL.items())
        yield Suggestion("poe", "poe", "Folder", "the person, as the event itself says")


def _inside(steps: list[str], sources: dict[str, Table], vocabulary: Vocabulary) -> Iterator[Suggestion]:
    """What `steps` have: columns of a source, of what stands beside it, or properties."""
    table, catalog = None, ""
    if steps[0] in sources:
        table = sources[steps[0]]
        steps = steps[1:]
    tables = [table] if table else list(sources.values())
    for step in steps:
        if step == "properties":
            names = vocabulary.properties.get(catalog or _catalog(tables), ())
            yield from (Suggestion(name, _written(name), "Property", "property") for name in names)
            return
        if step == "poe":
            tables, catalog = [_POE], "person"
            continue
        lazy = next((lazy for table in tables for lazy in table.lazy if lazy.name == step), None)
        if lazy is None:
            return
        tables, catalog = [SCHEMA[lazy.table]], lazy.catalog
    for each in tables:
        yield from _columns(each)


def _catalog(tables: list[Table]) -> str:
    """Of what the properties are: the first table's that has some."""
    return next((column.catalog for table in tables for column in table.columns if column.catalog), "")


def _written(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else f"`{name}`"


def _named(found: Iterable[tuple[int, str]], what: str) -> Iterator[Suggestion]:
    return (Suggestion(name, name, "Value", f"{what} {id_}") for id_, name in found)


def _placeholders(scope: Scope) -> Iterator[Suggestion]:
    yield from (
        Suggestion(name, name, "Variable", detail)
        for name, detail in (
            ("filters", "the filters and dates of the dashboard"),
            ("filters.dateRange.from", "from which moment on"),
            ("filters.dateRange.to", "before which moment"),
        )
    )
    for name in scope.variables:
        yield Suggestion(f"variables.{name}", f"variables.{name}", "Variable", "variable")


def _function(function: Function, category: str) -> Suggestion:
    least, most = function.least, function.most
    count = f"{least} or more" if most < 0 else str(least) if least == most else f"{least} to {most}"
    return Suggestion(function.name, f"{function.name}()", "Function", category, f"{count} arguments")
