"""A person that has left something everywhere is erased, and no byte of it is found; others are as they were."""

from datetime import timedelta
from typing import Any

import pytest
from buckets import in_both
from erasure_place import ASKED, RECEIVED, Place, line
from sentinel import DEVICE, MAIL, MARK, OTHER_DEVICE, everywhere, exported, keep_answers, of_bob, send_away, sprinkle

from analytics_pipelines.erasures.component import component
from analytics_pipelines.ingest.replay import Replay
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines


def statements_of(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of all statements for ClickHouse from now on: what its query log and its mutations hold."""
    said: list[str] = []
    for name in ("query", "command", "read", "insert_stream"):
        real = getattr(ClickHouse, name)

        def spied(self: ClickHouse, sql: str, *more: Any, real: Any = real, **named: Any) -> Any:
            said.append(sql)
            return real(self, sql, *more, **named)

        monkeypatch.setattr(ClickHouse, name, spied)
    return said


@in_both
def test_no_byte_of_an_erased_person_is_left(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    sprinkle(place)
    keep_answers(place)
    send_away(place)
    assert component(place.postgres, place.ours, [DEVICE], ASKED) == {DEVICE, MAIL, OTHER_DEVICE}
    before = of_bob(place)
    assert all(before.values()), before
    held = everywhere(place)
    assert all(held.values()), held
    said = statements_of(monkeypatch)
    done = place.erase(MAIL)
    assert not [text for text in said if MARK.decode() in text]
    assert done.state == "verified", done.error
    assert done.report is not None
    found = {each["place"]: each["found"] for each in done.report["places"]}
    assert all(each["left"] == 0 for each in done.report["places"])
    assert (found["clickhouse.events"], found["clickhouse.dead_letters"]) == (7, 2)
    assert (found["bucket.lines"], found["bucket.objects"]) == (11, 4)
    assert not any(everywhere(place).values()), everywhere(place)
    assert of_bob(place) == before
    assert exported(place).count(b'"distinct_id":"bob"') == 3
    assert place.postgres.row("SELECT distinct_id FROM webhook_deliveries") == {"distinct_id": "bob"}
    assert place.rows("SELECT properties FROM groups") == [('{"size":7}',)]

    day = RECEIVED.date()
    Replay(place.store, place.postgres, place.clickhouse, 100, 10_000_000).days(day, day)
    assert of_bob(place) == before
    assert not any(everywhere(place).values())

    later = ASKED + timedelta(minutes=5)
    place.send(line("page", DEVICE, place.ours, received=later, **{"$set": {"color": "red"}}), received=later)
    place.load()
    assert place.rows("SELECT properties FROM persons FINAL WHERE properties LIKE '%red%'") == [('{"color":"red"}',)]
