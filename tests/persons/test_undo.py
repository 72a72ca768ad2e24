"""Merges taken back, before and after a squash."""

from datetime import UTC, datetime
from uuid import UUID

import pytest
from person_tables import NOON, Sent, Tables

from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.persons.merge_edges import chosen_edges, edges_of
from analytics_pipelines.persons.squash import Squash
from analytics_pipelines.persons.undo import Move, remerge, unmerge
from analytics_pipelines.problems import Problem

pytestmark = pytest.mark.engines

A, USER = "device", "user-1"
OWN_A, OWN_USER = person_id(1, A), person_id(1, USER)
NOW = datetime(2026, 11, 24, tzinfo=UTC)


def squash(tables: Tables) -> int:
    job = Squash(tables.postgres, tables.clickhouse, lambda: NOW)
    job.snapshot()
    job.rewrite()
    return job.fold()


def undo(tables: Tables, edge: UUID, *, dry_run: bool = False) -> list[Move]:
    return unmerge(tables.postgres, tables.clickhouse, 1, [edge], by="ada", now=NOW, dry_run=dry_run)


@pytest.fixture
def merged(tables: Tables) -> tuple[Tables, UUID]:
    """A device that had a person, merged into a user; each said something of itself."""
    edge = Sent("$identify", USER, 10, {"$anon_distinct_id": A, "$set": {"plan": "pro"}})
    tables.take([Sent("page", A, -9, {"$set": {"theme": "dark"}}), Sent("login", USER, -5, {"$set": {"name": "Ada"}})])
    tables.take([edge])
    assert tables.person_of(A) == tables.person_of(USER) == {"theme": "dark", "name": "Ada", "plan": "pro"}
    return tables, edge.uuid


def test_a_merge_that_is_taken_back_leaves_two_persons_with_what_was_said_of_each(merged: tuple[Tables, UUID]) -> None:
    tables, edge = merged
    assert undo(tables, edge) == [Move(A, OWN_USER, OWN_A)]
    assert tables.person_of(A) == {"theme": "dark"}
    assert tables.person_of(USER) == {"name": "Ada", "plan": "pro"}
    assert tables.overrides() == {}
    assert undo(tables, edge) == []


def test_a_merge_can_be_put_in_place_again(merged: tuple[Tables, UUID]) -> None:
    tables, edge = merged
    before = tables.persons()
    undo(tables, edge)
    assert remerge(tables.postgres, tables.clickhouse, 1, [edge], now=NOW) == [Move(A, OWN_A, OWN_USER)]
    assert tables.persons() == before
    assert tables.overrides() == {(1, A): OWN_USER}


def test_a_dry_run_tells_what_would_move_and_moves_nothing(merged: tuple[Tables, UUID]) -> None:
    tables, edge = merged
    before = tables.persons()
    assert undo(tables, edge, dry_run=True) == [Move(A, OWN_USER, OWN_A)]
    assert tables.persons() == before
    tables.take([Sent("page", A, 30)])
    assert tables.resolved(A) == OWN_USER


def test_a_merge_stays_undone_whatever_arrives_later(merged: tuple[Tables, UUID]) -> None:
    tables, edge = merged
    undo(tables, edge)
    tables.take([Sent("page", A, -20), Sent("page", USER, -30), Sent("$create_alias", USER, 40, {"alias": "phone"})])
    assert tables.resolved(A) == OWN_A
    assert tables.ids()[1, "phone"] == OWN_USER


def test_a_merge_is_undone_after_a_squash_too(merged: tuple[Tables, UUID]) -> None:
    tables, edge = merged
    assert squash(tables) == 1
    assert tables.overrides() == {}
    assert tables.resolved(A) == OWN_USER
    tables.take([Sent("page", A, 50)])
    undo(tables, edge)
    assert (tables.resolved(A), tables.resolved(USER)) == (OWN_A, OWN_USER)
    assert tables.person_of(A) == {"theme": "dark"}
    remerge(tables.postgres, tables.clickhouse, 1, [edge], now=NOW)
    tables.take([Sent("page", A, 60)])
    assert tables.resolved(A) == OWN_USER
    squash(tables)
    assert tables.overrides() == {}
    assert tables.resolved(A) == OWN_USER


def test_edges_are_chosen_by_id_by_other_id_or_one_by_one(merged: tuple[Tables, UUID]) -> None:
    tables, edge = merged
    again = Sent("$create_alias", A, 20, {"alias": "phone"})
    tables.take([again])
    assert [each.uuid for each in edges_of(tables.postgres, 1, A)] == [edge, again.uuid]
    assert [each.uuid for each in chosen_edges(tables.postgres, 1, A, other_id="phone")] == [again.uuid]
    assert [each.uuid for each in chosen_edges(tables.postgres, 1, A, edge=edge)] == [edge]
    with pytest.raises(Problem, match="knows no merge of 'device' with 'nobody'"):
        chosen_edges(tables.postgres, 1, A, other_id="nobody")
    with pytest.raises(Problem, match="taken back"):
        chosen_edges(tables.postgres, 1, A, is_denied=True)


def test_of_three_ids_the_one_that_is_split_off_takes_only_its_own(tables: Tables) -> None:
    edges = [Sent("$identify", USER, n, {"$anon_distinct_id": f"d{n}", "$set": {f"k{n}": n}}) for n in (1, 2)]
    tables.take([Sent("page", "d1", -2), Sent("page", "d2", -1), Sent("login", USER, -5), *edges])
    squash(tables)
    undo(tables, edges[0].uuid)
    assert tables.resolved("d1") == person_id(1, "d1")
    assert tables.resolved("d2") == tables.resolved(USER) == OWN_USER
    assert tables.persons()[1, OWN_USER][0] == Sent("x", "x", -5).timestamp
    assert tables.persons()[1, person_id(1, "d1")][0] < NOON
