"""Which edges have to be resolved together."""

from hypothesis import given
from merge_log import edge, edges

from analytics_pipelines.identity.components import components
from analytics_pipelines.identity.edge import Edge


def test_edges_that_share_an_id_stand_together_in_the_order_given() -> None:
    log = [edge(3, "ada", "laptop"), edge(1, "bob", "tablet"), edge(2, "ada", "phone"), edge(4, "phone", "watch")]
    assert components(log) == [[log[0], log[2], log[3]], [log[1]]]


def test_a_later_edge_connects_two_components() -> None:
    log = [edge(1, "ada", "laptop"), edge(2, "bob", "phone"), edge(3, "phone", "laptop")]
    assert components(log) == [log]


def test_an_edge_that_is_refused_connects_because_its_refusal_depends_on_the_other_side() -> None:
    log = [edge(1, "bob", "phone"), edge(2, "ada", "laptop"), edge(3, "ada", "phone")]
    assert components(log) == [log]


def test_an_illegal_id_connects_nobody() -> None:
    log = [edge(1, "ada", "anonymous"), edge(2, "bob", "anonymous"), edge(3, "anonymous", "ada"), edge(4, "ada", "ada")]
    assert components(log) == [[log[0], log[3]], [log[1]], [log[2]]]


def test_no_edges_are_no_components() -> None:
    assert components(iter([])) == []


@given(edges)
def test_every_edge_is_in_one_component_and_no_legal_id_in_two(log: list[Edge]) -> None:
    groups = components(log)
    assert sorted(each.uuid for group in groups for each in group) == sorted(each.uuid for each in log)
    targets = [{each.target for each in group} for group in groups]
    assert sum(map(len, targets)) == len(set().union(*targets))
