"""Of two events with one uuid the one that was received first counts, also when it arrives last: then the other has to
leave all tables, and not only that of events."""

from datetime import timedelta
from typing import Any

import pytest
from histories import FIRST_DAY, LAST_DAY, START, VISITS, Send, Sender
from installation import Installation
from naive_tables import assert_same

pytestmark = pytest.mark.engines

WRONG = {
    "event": "$identify",
    "distinct_id": "a",
    "timestamp": (START + timedelta(minutes=1)).isoformat(),
    "properties": {
        "$anon_distinct_id": "b",
        "$set": {"plan": "wrong"},
        "$groups": {"company": "wrong"},
        "$session_id": VISITS[1],
    },
}
OTHER_WRONG = {**WRONG, "distinct_id": "e", "properties": {"$anon_distinct_id": "f"}}
OTHER_RIGHT = {**WRONG, "distinct_id": "g", "properties": {"$anon_distinct_id": "f"}}
RIGHT = {**WRONG, "event": "page", "distinct_id": "c", "properties": {"$set": {"plan": "right"}}}


def line(event: dict[str, Any], number: int) -> tuple[dict[str, Any], None]:
    return {"sent_at": None, "project": 1, "uuid": f"00000000-0000-4000-8000-{number:012}", "event": event}, None


def test_an_event_that_gives_way_leaves_no_trace(living: Installation) -> None:
    sender = Sender(living.store, 1)
    visit = {"event": "page", "distinct_id": "b", "timestamp": START.isoformat(), "properties": {}}
    seen = [line({**visit, "distinct_id": each}, number) for number, each in enumerate("abefg", 10)]
    sender.send(Send(tuple(seen)))
    sender.send(Send((line(WRONG, 3), line(OTHER_WRONG, 4))))
    living.drain()
    living.roll_up(FIRST_DAY, LAST_DAY)
    sender.send(Send((line(RIGHT, 3), line(OTHER_RIGHT, 4)), late=2))
    living.drain()
    living.roll_up(FIRST_DAY, LAST_DAY)
    living.assert_accounts_hold()
    assert_same(living.tables(), living.expected(), without={"groups", "names"})
    living.mend_names()
    assert_same(living.tables(), living.expected())
