"""Selectors, as in CSS, of the elements that an event of autocapture came through → a regular expression over the text
in which events carry them (`elements_chain`): the innermost element first, each `tag.class:name="value"…`, with `;`
between them.

Known are tags, `*`, `.class`, `#id`, `[attribute]` with `=`, `^=`, `$=`, `*=` and `~=`, `:nth-child(n)`,
`:nth-of-type(n)`, `:first-child`, the combinators ` ` and `>`, and lists with commas. The expression is read from the
chain's first character on, so that nothing that stands inside a value is taken for an element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import permutations

from analytics_pipelines.sql.errors import QueryError

MOST_CHARACTERS = 1000
# The attributes of an element stand in an order that depends on who wrote them, so that every one is tried.
MOST_ATTRIBUTES = 4

VALUE = r'(?:\\.|[^"\\])*'
ELEMENT = rf'(?:[^";]|"{VALUE}")*'
_NAME = r"(?:attr__[^\"=;]+|[a-z_-]+)"
_ANY_ATTRIBUTES = rf'(?:{_NAME}="{VALUE}")*'
_ANY_CLASSES = r'(?:\.[^";]*)?'
_ANY_TAG = r'[^".:;]*'

_IDENTIFIER = r"(?:[\w-]|[^\x00-\x7f]|\\.)+"
_STRING = r"""(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^\]\s"']+)"""
_TOKENS = re.compile(
    rf"""
      \s*(?P<comma>,)\s*
    | \s*(?P<child>>)\s*
    | (?P<space>\s+)
    | \.(?P<class>{_IDENTIFIER})
    | \#(?P<id>{_IDENTIFIER})
    | \[\s*(?P<attribute>{_IDENTIFIER})\s*(?:(?P<operator>[~^$*]?=)\s*(?P<value>{_STRING})\s*)?\]
    | :(?P<nth>nth-child|nth-of-type)\(\s*(?P<number>\d+)\s*\)
    | :(?P<first>first-child)
    | (?P<all>\*)
    | (?P<tag>{_IDENTIFIER})
    """,
    re.VERBOSE,
)


@dataclass
class _Compound:
    """What one element must be; `attributes` are expressions of a name with its value. `within` says how the element
    before it in the selector lies around it: `child` directly, `space` at any depth."""

    tag: str | None = None
    classes: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    within: str | None = None
    is_empty: bool = True


def selector_pattern(selector: str) -> str:
    """The expression, in RE2's syntax. QueryError for a selector that can't be read.

    >>> bool(re.search(selector_pattern("a > .big"), 'span.big:text="Go";a:href="/";'))
    True
    """
    if len(selector) > MOST_CHARACTERS:
        raise QueryError(f"a selector has at most {MOST_CHARACTERS} characters")
    alternatives = [_path(each) for each in _parsed(selector)]
    return f"(?s)^(?:{ELEMENT};)*?(?:{'|'.join(alternatives)})"


def literal(text: str) -> str:
    """An expression of a text as it stands inside a value, where quotes are escaped, and backslashes by some SDKs."""
    return "".join({'"': r"\\\"", "\\": r"\\\\?"}.get(char) or re.escape(char) for char in text)


def _parsed(selector: str) -> Iterator[Sequence[_Compound]]:
    """The alternatives of a list, each the elements of a path from the outermost in."""
    path, place, text = [_Compound()], 0, selector.strip()
    while place < len(text):
        match = _TOKENS.match(text, place)
        kind = match.lastgroup if match else None
        if match is None or (kind == "tag" and not path[-1].is_empty):
            raise QueryError(f"the selector “{selector[:100]}” can't be read from “{text[place : place + 20]}” on")
        place = match.end()
        if kind in ("comma", "child", "space"):
            if path[-1].is_empty or place == len(text):
                raise QueryError(f"the selector “{selector[:100]}” lacks an element")
            if kind == "comma":
                yield path
                path = [_Compound()]
            else:
                path.append(_Compound(within=kind))
        else:
            _say(path[-1], match)
    if path[-1].is_empty:
        raise QueryError(f"the selector “{selector[:100]}” lacks an element")
    yield path


def _say(element: _Compound, match: re.Match[str]) -> None:
    element.is_empty = False
    said = match.groupdict()
    if said["tag"]:
        element.tag = _unescaped(said["tag"])
    elif said["class"]:
        element.classes.append(_unescaped(said["class"]))
    elif said["id"]:
        element.attributes.append(_attribute("id", "=", _unescaped(said["id"])))
    elif said["nth"]:
        element.attributes.append(f'{said["nth"]}="{int(said["number"])}"')
    elif said["first"]:
        element.attributes.append('nth-child="1"')
    elif said["attribute"]:
        value = said["value"] or ""
        value = _unescaped(value[1:-1] if value[:1] in ("'", '"') else value)
        element.attributes.append(_attribute(_unescaped(said["attribute"]), said["operator"], value))


def _attribute(name: str, operator: str | None, value: str) -> str:
    """SDKs write `attr__` before an attribute's name, and some attributes a second time without it."""
    prefix = "(?:attr__?)?" if name == "id" else "(?:attr__)?"
    text = literal(value)
    match operator:
        case None:
            wanted = VALUE
        case "=":
            wanted = text
        case "^=":
            wanted = f"{text}{VALUE}"
        case "$=":
            wanted = f"{VALUE}{text}"
        case "~=":
            wanted = rf"(?:{VALUE}\s)?{text}(?:\s{VALUE})?"
        case _:
            wanted = f"{VALUE}{text}{VALUE}"
    return f'{prefix}{re.escape(name)}="{wanted}"'


def _path(path: Sequence[_Compound]) -> str:
    """The chain goes from the innermost element out, so the selector is read from its end."""
    found = ""
    for element in reversed(path):
        found += _element(element)
        if element.within is not None:
            found += ";" if element.within == "child" else f";(?:{ELEMENT};)*?"
    return f"{found}(?:;|$)"


def _element(element: _Compound) -> str:
    if len(element.attributes) > MOST_ATTRIBUTES:
        raise QueryError(f"a selector names at most {MOST_ATTRIBUTES} attributes of an element")
    tag = _ANY_TAG if element.tag is None else f"(?i:{re.escape(element.tag)})"
    classes = sorted(set(element.classes), key=str.encode)  # as chains list them
    head = tag + "".join(f"{_ANY_CLASSES}\\.{re.escape(each)}" for each in classes) + _ANY_CLASSES
    if not element.attributes:
        return f"{head}(?::{_ANY_ATTRIBUTES})?"
    orders = {
        _ANY_ATTRIBUTES + "".join(each + _ANY_ATTRIBUTES for each in order)
        for order in permutations(element.attributes)
    }
    return f"{head}:(?:{'|'.join(sorted(orders))})"


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)
