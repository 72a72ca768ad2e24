"""How thorough tests are that take minutes when they try everything."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

IS_THOROUGH = "ANALYTICS_EXAMPLES" in os.environ


def some(points: Sequence[T], each: int) -> list[T]:
    """Every so-and-so-many-th, from the first to the last; all of them with ANALYTICS_EXAMPLES."""
    return list(points) if IS_THOROUGH else list(points[::each])
