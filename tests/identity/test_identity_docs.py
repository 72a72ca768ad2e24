"""The examples in the docstrings."""

import doctest
from types import ModuleType

import pytest

from analytics_pipelines.identity import disjoint_sets, illegal_ids, person_id


@pytest.mark.parametrize("module", [disjoint_sets, illegal_ids, person_id])
def test_the_examples_hold(module: ModuleType) -> None:
    tried = doctest.testmod(module)
    assert tried.attempted > 0
    assert tried.failed == 0
