"""Sets of distinct ids, each named by one of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics_pipelines.identity.disjoint_sets import DisjointSets

ids = st.sampled_from("abcdefghij")


@given(st.lists(st.tuples(ids, ids)))
def test_joined_sets_are_those_of_a_list_of_groups_and_keep_the_name_of_the_first(pairs: list[tuple[str, str]]) -> None:
    sets = DisjointSets()
    group_of: dict[str, tuple[str, set[str]]] = {}
    for kept, joined in pairs:
        sets.join(kept, joined)
        name, members = group_of.get(kept, (kept, {kept}))
        group = (name, members | group_of.get(joined, (joined, {joined}))[1])
        group_of |= dict.fromkeys(group[1], group)
    assert {each: sets.name(each) for each in sets} == {each: name for each, (name, _) in group_of.items()}


def test_an_id_that_was_added_is_a_set_of_its_own_and_stays_where_it_was_joined() -> None:
    sets = DisjointSets()
    sets.add("ada")
    assert sets.name("ada") == "ada"
    sets.join("bob", "ada")
    sets.add("ada")
    assert sets.name("ada") == "bob"


def test_an_id_that_was_never_added_has_no_set() -> None:
    sets = DisjointSets()
    assert "ada" not in sets
    with pytest.raises(KeyError):
        sets.name("ada")


def test_a_chain_of_many_ids_is_one_set() -> None:
    sets = DisjointSets()
    for number in range(20_000):
        sets.join(str(number + 1), str(number))
    assert {sets.name(each) for each in sets} == {"20000"}
