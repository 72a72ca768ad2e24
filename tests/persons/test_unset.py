"""What was unset stays so, until it is said again: whatever stands beside it in the events."""

from uuid import UUID

import pytest
from naive_persons import naive_persons
from person_tables import Sent, Tables

pytestmark = pytest.mark.engines


@pytest.mark.parametrize("beside", [{}, {"other": 1}], ids=["of_one_shape", "of_another_shape"])
def test_a_copied_property_that_was_unset_does_not_come_back_by_itself(tables: Tables, beside: dict[str, int]) -> None:
    sent = [
        Sent("page", "a", 0, {"$os": "first"}, uuid=UUID(int=1)),
        Sent("page", "a", 1, {"$unset": ["$initial_os"]}, uuid=UUID(int=2)),
        Sent("page", "a", 2, {"$os": "second", **({"$set": beside} if beside else {})}, uuid=UUID(int=3)),
    ]
    tables.take(sent)
    assert tables.person_of("a") == {"$os": "second", **beside}
    assert tables.persons() == naive_persons(sent).persons


@pytest.mark.parametrize("beside", [{}, {"other": 1}], ids=["of_one_shape", "of_another_shape"])
def test_of_what_is_set_once_behind_an_unset_the_last_counts(tables: Tables, beside: dict[str, int]) -> None:
    sent = [
        Sent("page", "a", 0, {"$set_once": {"plan": "before"}}, uuid=UUID(int=1)),
        Sent("page", "a", 1, {"$unset": ["plan"]}, uuid=UUID(int=2)),
        Sent("page", "a", 2, {"$set_once": {"plan": "second", **beside}}, uuid=UUID(int=3)),
        Sent("page", "a", 3, {"$set_once": {"plan": "third"}}, uuid=UUID(int=4)),
    ]
    tables.take(sent)
    assert tables.person_of("a") == {"plan": "third", **beside}
    assert tables.persons() == naive_persons(sent).persons
