"""Whatever is sent again, broken off, merged, taken back, deleted, squashed or replayed: the tables follow from the
bucket and from what people decided, and from nothing else."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fault_points import fault_points
from histories import FIRST_DAY, LAST_DAY, START, Action, Do, Send, SendAgain, Sender, histories
from hypothesis import HealthCheck, Phase, given, settings
from installation import NOW, Installation, broken_off_at
from naive_tables import assert_same

from resources.object_store import ObjectStore

pytestmark = pytest.mark.engines

POINTS = fault_points("ingest", "persons", "groups", "catalog", "rollups")
DOINGS = ("unmerge", "unmerge", "remerge", "delete", "roll up", "squash", "replay", "mend names")
numbers = count(1)


def happen(living: Installation, sender: Sender, action: Action) -> None:
    if isinstance(action, Send):
        sender.send(action)
    elif isinstance(action, SendAgain):
        sender.send_again(action)
    else:
        living.now = sender.moment() - timedelta(minutes=5)
        do = _doing(living, action)
        if action.broken_at:
            with broken_off_at(action.broken_at, action.passes):
                do()
        do()


def _doing(living: Installation, action: Do) -> Callable[[], None]:
    def chosen(things: Sequence[tuple[Any, ...]], then: Callable[..., None]) -> Callable[[], None]:
        return (lambda: then(*things[action.number % len(things)])) if things else lambda: None

    match action.what:
        case "unmerge":
            return chosen(living.edges(), living.unmerge)
        case "remerge":
            return chosen(living.edges(denied=True), living.remerge)
        case "delete":
            return chosen(living.known_ids(), living.delete)
        case "roll up":
            return lambda: living.roll_up(FIRST_DAY, LAST_DAY, only_changed=bool(action.number % 4))
        case "squash":
            return living.squash
        case "replay":
            return lambda: living.replay(START.date() + timedelta(days=action.number % 2))
        case "mend names":
            return living.mend_names
    return living.drain


@settings(
    max_examples=4,
    deadline=None,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # a step takes too long to be tried again and again
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(history=histories(POINTS, DOINGS))
def test_after_any_history_the_tables_are_those_of_a_clean_rebuild_and_of_the_naive_way(
    living: Installation, rebuilt: Installation, tmp_path: Path, history: list[Action]
) -> None:
    check(living, rebuilt, tmp_path, history)


def check(living: Installation, rebuilt: Installation, tmp_path: Path, history: list[Action]) -> None:
    example = next(numbers)
    store = ObjectStore((tmp_path / f"bucket-{example}").as_uri())
    living.empty(store)
    rebuilt.empty(store)
    sender = Sender(store, example)
    for action in history:
        happen(living, sender, action)
    living.now = NOW
    living.drain()
    living.roll_up(FIRST_DAY, LAST_DAY)
    living.mend_names()
    expected = living.expected()
    assert_same(living.tables(), expected)
    living.assert_accounts_hold()
    rebuilt.decide_like(living)
    rebuilt.drain(batch_objects=1000)
    rebuilt.roll_up(FIRST_DAY, LAST_DAY)
    assert_same(rebuilt.tables(), expected)
    rebuilt.assert_accounts_hold()
