"""Ids follow from content, so that importing again adds nothing, and equal rows are still two events."""

from hashlib import sha256
from random import Random
from uuid import UUID, uuid5

from analytics_pipelines.imports import row_ids
from analytics_pipelines.imports.row_ids import RowIds


def taken(contents: list[bytes], project: int = 1, *, once: bool = False) -> list[UUID]:
    ids = RowIds(project, once=once)
    return [ids.take(each)[0] for each in contents]


def test_an_id_is_the_uuid5_of_project_and_content() -> None:
    first, second, third = taken([b'{"a":1}'] * 3, 7)
    namespace = row_ids._IMPORTED
    assert first == uuid5(namespace, '7:{"a":1}')
    assert second == uuid5(namespace, '7:{"a":1}:1')
    assert third == uuid5(namespace, '7:{"a":1}:2')
    assert first.version == 5


def test_the_same_rows_have_the_same_ids_in_any_order() -> None:
    contents = [b"%d" % (number % 700) for number in range(1000)]
    shuffled = contents.copy()
    Random(1).shuffle(shuffled)  # noqa: S311  any order will do
    assert len(set(taken(contents))) == 1000
    assert set(taken(shuffled)) == set(taken(contents))


def test_another_project_has_other_ids() -> None:
    assert taken([b"a"], 1) != taken([b"a"], 2)


def test_equal_rows_are_one_event_when_that_is_wanted() -> None:
    assert len(set(taken([b"a", b"b", b"a"], once=True))) == 2
    ids = RowIds(1, once=True)
    assert [ids.take(each)[1] for each in (b"a", b"b", b"a", b"a")] == [False, False, True, True]


def test_counting_goes_on_when_the_table_grows() -> None:
    seen = row_ids._Seen()
    numbers = [int.from_bytes(sha256(b"%d" % number).digest()[:8], "big") for number in range(100_000)]
    before = [seen.add(number) for number in [*numbers, 0, numbers[0]]]
    again = [seen.add(number) for number in numbers]
    assert before == [0] * 100_001 + [1]
    assert again == [2, *[1] * 99_999]
    assert seen.add(0) == 1


def test_two_contents_that_share_a_number_have_ids_of_their_own() -> None:
    ids = RowIds(1)
    ids._seen.add = lambda _: 1  # type: ignore[method-assign]
    assert ids.take(b"a")[0] != ids.take(b"b")[0]
