"""Which bucket a test has: a folder, unless it asks for S3."""

import pytest
from thorough import IS_THOROUGH

KINDS = ("folder", "s3")

in_both = pytest.mark.parametrize("store", KINDS, indirect=True)
"""Once with a folder, and once with S3."""


def in_turn(points: tuple[str, ...]) -> pytest.MarkDecorator:
    """`point` and `store`: one point with a folder, the next with S3; with ANALYTICS_EXAMPLES each with both."""
    pairs = [
        (point, kind)
        for number, point in enumerate(points)
        for kind in (KINDS if IS_THOROUGH else [KINDS[number % len(KINDS)]])
    ]
    return pytest.mark.parametrize(("point", "store"), pairs, indirect=["store"])
