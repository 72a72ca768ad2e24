"""Bodies with placeholders: `{event.properties.plan}` or `{{event.properties.plan}}` in the strings of a JSON tree.

A string that is one placeholder becomes the value itself, whatever its type; within other text a value is written as
text. What is put in stays within its string, quotes and line breaks too, since the tree is parsed before and written
after. There is nothing to compute in a template, and so nothing that could take long or reach anything else. Pure.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

Tree: TypeAlias = Any
"""What JSON can say."""

ROOTS = ("event", "person", "groups", "project", "source")
MOST_DEPTH = 50
MOST_CHARACTERS = 100_000

# `\{` is a brace. A path is a root and then `.name`, `['any name']` or `["any name"]`.
_PLACEHOLDER = re.compile(
    r"\\(?P<escaped>[{}])"
    r"|\{\{\s*(?P<double>[A-Za-z_]\w*(?:\.[\w$-]+|\['[^'\]]+'\]|\[\"[^\"\]]+\"\])*)\s*\}\}"
    r"|\{\s*(?P<single>[A-Za-z_]\w*(?:\.[\w$-]+|\['[^'\]]+'\]|\[\"[^\"\]]+\"\])*)\s*\}"
)
_STEP = re.compile(r"\.?([\w$-]+)|\['([^'\]]+)'\]|\[\"([^\"\]]+)\"\]")


class WrongTemplate(ValueError):
    """The template can't be used; it says why, for whoever wrote it."""


def read_template(body: Tree) -> Tree:
    """A template as it was given: a JSON value, or its text. Raises WrongTemplate."""
    if isinstance(body, str):
        try:
            body = json.loads(body)
        except (ValueError, RecursionError):
            if not _PLACEHOLDER.fullmatch(body):
                raise WrongTemplate("The body is no JSON: placeholders stand within its strings.") from None
    if len(json.dumps(body)) > MOST_CHARACTERS:
        raise WrongTemplate(f"A body has at most {MOST_CHARACTERS} characters.")
    for text in _strings(body, 0):
        for found in _PLACEHOLDER.finditer(text):
            path = found["double"] or found["single"]
            if path and (root := _steps(path)[0]) not in ROOTS:
                raise WrongTemplate(
                    f"There is nothing named “{root[:50]}” to put in: placeholders begin with {', '.join(ROOTS)};"
                    " a brace that is none is written \\{."
                )
    return body


def rendered(template: Tree, values: Mapping[str, Any], written: Callable[[str], str] = str) -> Tree:
    """The tree with values in place of placeholders; what is not there is null, and nothing within text.

    `written` makes of a value what is safe within the receiver's markup.

    >>> values = {"event": {"event": "say \\"hi\\"", "properties": {"n": 3}}}
    >>> rendered({"n": "{event.properties.n}", "text": "{event.event}: {{event.properties.n}}"}, values)
    {'n': 3, 'text': 'say "hi": 3'}
    """
    if isinstance(template, str):
        return _rendered_text(template, values, written)
    if isinstance(template, Mapping):
        return {name: rendered(each, values, written) for name, each in template.items()}
    if isinstance(template, list):
        return [rendered(each, values, written) for each in template]
    return template


def _rendered_text(text: str, values: Mapping[str, Any], written: Callable[[str], str]) -> Tree:
    whole = _PLACEHOLDER.fullmatch(text)
    if whole and not whole["escaped"]:
        found = _value(whole["double"] or whole["single"], values)
        return written(found) if isinstance(found, str) else found

    def put(match: re.Match[str]) -> str:
        if match["escaped"]:
            return match["escaped"]
        found = _value(match["double"] or match["single"], values)
        return written(_text(found))

    return _PLACEHOLDER.sub(put, text)


def _value(path: str, values: Mapping[str, Any]) -> Any:
    found: Any = values
    for step in _steps(path):
        if isinstance(found, Mapping):
            found = found.get(step)
        elif isinstance(found, list) and step.isascii() and step.isdigit() and len(step) < 10:
            found = found[int(step)] if int(step) < len(found) else None
        else:
            return None
    return found


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _steps(path: str) -> list[str]:
    return [next(filter(None, match.groups())) for match in _STEP.finditer(path)]


def _strings(tree: Tree, depth: int) -> Iterator[str]:
    if depth > MOST_DEPTH:
        raise WrongTemplate(f"A body is nested at most {MOST_DEPTH} deep.")
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, Mapping):
        for each in tree.values():
            yield from _strings(each, depth + 1)
    elif isinstance(tree, list):
        for each in tree:
            yield from _strings(each, depth + 1)
