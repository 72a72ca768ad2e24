"""JSON that strict readers refuse → JSON that all take. Pure."""

import json
import math
import re
from typing import Any

import msgspec

from analytics_pipelines.events import depth
from analytics_pipelines.events.rejection import Rejected

# Python's objects take many times the room of their text; SDKs close a batch at 5 MiB.
MOST = 8 << 20

_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_MOST_DIGITS = 20


def repaired(text: bytes, most: int = MOST, most_levels: int = depth.MOST) -> bytes:
    """The text written anew: what is no character becomes U+FFFD, what is no finite number null,
    and whole numbers of more than 64 bits texts. Of fields of the same name the last one stays.

    Raises Rejected: 413 when it is longer than `most` bytes, 400 when it is no JSON even so.
    """
    if len(text) > most:
        raise Rejected(413, f"the body is no strict JSON, and larger than the {most} bytes up to which it is repaired")
    try:
        characters = _decoded(text)
        if depth.is_too_deep(characters.encode("utf-8", "replace"), most_levels):
            raise Rejected(400, f"the body is nested more than {most_levels} levels deep")
        value = json.loads(
            characters, strict=False, parse_constant=lambda _: None, parse_int=_whole, parse_float=_finite
        )
        return msgspec.json.encode(_cleaned(value))
    except (ValueError, RecursionError) as error:
        raise Rejected(400, f"the body is not the JSON of an event or a batch: {error}") from None


def _decoded(text: bytes) -> str:
    encoding = json.detect_encoding(text)
    try:
        return text.decode(encoding, "surrogatepass").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return text.decode(encoding, "replace").removeprefix("\ufeff")


def _whole(digits: str) -> int | str:
    if len(digits) > _MOST_DIGITS:
        return digits
    number = int(digits)
    return number if _SMALLEST <= number <= _LARGEST else digits


def _finite(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _NO_CHARACTER.sub("\ufffd", value)
    if isinstance(value, list):
        return [_cleaned(each) for each in value]
    if isinstance(value, dict):
        return {_cleaned(name): _cleaned(each) for name, each in value.items()}
    return value
