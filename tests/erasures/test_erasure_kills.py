"""An erasure that is broken off anywhere is finished by the next run, and leaves what it always leaves."""

from typing import Any

import pytest
from erasure_place import Place
from sentinel import MAIL, everywhere, exported, keep_answers, of_bob, send_away, sprinkle

from analytics_pipelines import faults
from analytics_pipelines.faults import InjectedFault

pytestmark = pytest.mark.engines

# In their order: each attempt comes to the point behind it for the first time.
POINTS = (
    *("after_events_chosen", "after_chosen", "after_objects", "after_rows_of_lines", "after_others", "after_stored"),
    *("after_rows", "after_groups_again", "after_returned", "after_days", "after_rollup", "after_exports"),
    *("after_answers", "after_drop", "after_proof"),
)


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_an_erasure_that_is_broken_off_at_each_point_is_finished_by_the_next_run(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    sprinkle(place)
    keep_answers(place)
    send_away(place)
    before = of_bob(place)
    erasure = place.ask(MAIL)
    for point in POINTS:
        monkeypatch.setattr(faults, "_plan", {f"erasures.{point}": ("raise", 1)})
        monkeypatch.setattr(faults, "_passes", {})
        with pytest.raises(InjectedFault, match=point):
            place.eraser().run(erasure.id)
        place.load()  # others go on meanwhile
    monkeypatch.setattr(faults, "_plan", {})
    place.eraser().run()
    done: Any = place.eraser().requests.find(erasure.id)
    assert done.state == "verified", done.error
    assert not any(everywhere(place).values()), everywhere(place)
    assert of_bob(place) == before
    assert exported(place).count(b'"distinct_id":"bob"') == 3
    batches = place.postgres.row(
        "SELECT sum(lines) AS lines, sum(events) AS events, sum(dead_letters) AS dead, sum(duplicates) AS twice"
        " FROM ingest_batches"
    )
    assert batches == {"lines": 6, "events": 4, "dead": 1, "twice": 1}
