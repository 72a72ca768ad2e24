"""Objects of JSON as texts: names and the JSON of their values, as it stands there. Pure."""

import json
from collections.abc import Mapping
from typing import Any

_DECODER = json.JSONDecoder(object_pairs_hook=lambda pairs: first_of_each(pairs))
_SPACE = " \t\n\r"


def first_of_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that is there twice counts as it stands first: so all that read `properties` in ClickHouse read it."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


def value_of(text: str) -> Any:
    """The value of a JSON text. Raises ValueError."""
    return _DECODER.decode(text)


def members(text: str) -> dict[str, str]:
    """The members of an object, valid JSON.

    >>> members('{"a": [1, 2], "b":1.50}')
    {'a': '[1, 2]', 'b': '1.50'}
    """
    found: dict[str, str] = {}
    place = _next(text, 1)
    while text[place] != "}":
        name, place = _DECODER.raw_decode(text, place)
        start = _next(text, _next(text, place) + 1)
        _, end = _DECODER.raw_decode(text, start)
        found.setdefault(name, text[start:end])
        place = _next(text, end)
        if text[place] == ",":
            place = _next(text, place + 1)
    return found


def written(parts: Mapping[str, str]) -> str:
    """An object of such members."""
    return "{" + ",".join(f"{json.dumps(name, ensure_ascii=False)}:{part}" for name, part in parts.items()) + "}"


def _next(text: str, place: int) -> int:
    while text[place] in _SPACE:
        place += 1
    return place
