"""`$elements` of old SDKs → the text that new ones send. Pure; its twin in SQL is `ingest/sql/elements_chain.sql`."""

import re
from collections.abc import Mapping, Sequence

_NAMES = {"nth_child": "nth-child", "nth_of_type": "nth-of-type", "$el_text": "text", "text": "text"}
_SPACE = re.compile(r"[ \t\n\r\v\f]+")


def elements_chain(elements: Sequence[Mapping[str, str]]) -> str:
    r"""Elements from the innermost out, each `tag.class:name="value"…`, names in order.

    >>> elements_chain([{"tag_name": "a", "attr__class": "red big", "$el_text": "\"Go\""}, {"tag_name": "body"}])
    'a.big.red:attr__class="red big"text="\\"Go\\"";body:'
    """
    return ";".join(map(_element, elements))


def _element(said: Mapping[str, str]) -> str:
    classes = sorted(filter(None, _SPACE.split(said.get("attr__class", ""))), key=str.encode)
    named = [(_NAMES.get(key, key), value) for key, value in said.items() if key in _NAMES or key.startswith("attr__")]
    named += [("attr_id", said.get("attr__id", "")), ("href", said.get("attr__href", ""))]
    kept = sorted(((name.encode(), value.encode()) for name, value in named if value))
    values = "".join(f'{name.decode()}="{_escaped(value.decode())}"' for name, value in kept)
    return said.get("tag_name", "") + "".join(f".{name}" for name in classes) + ":" + values


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
