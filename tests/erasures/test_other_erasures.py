"""Groups, chosen events, projects and returning persons."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from erasure_place import ASKED, RECEIVED, Place, line
from sentinel import MAIL, TWICE, everywhere, keep_answers, of_bob, sprinkle, sum_up

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.erasures.eraser import Eraser
from analytics_pipelines.erasures.proof import reopen_resurfaced, resurfaced
from analytics_pipelines.erasures.subject import EventFilter, Subject
from analytics_pipelines.events.keys import REPLAY_PREFIX
from analytics_pipelines.ingest.replay import Replay
from analytics_pipelines.persons.squash import Squash

pytestmark = pytest.mark.engines
DAY = RECEIVED.date()


def replay(place: Place) -> None:
    Replay(place.store, place.postgres, place.clickhouse, 100, 10_000_000).days(DAY, DAY)


def test_a_group_goes_with_its_events_and_people_keep_what_others_say(place: Place) -> None:
    acme = {"$groups": {"company": "Sentinel Ltd"}}
    place.send(
        line("page", "ada", place.ours, **acme, **{"$set": {"boss": "Sentinel"}}),
        line("page", "ada", place.ours, **{"$set": {"plan": "pro"}}),
        line("page", "eve", place.ours, **acme),
        line("page", "quiet", place.ours, **acme, **{"$process_person_profile": False}),
        line("page", "bob", place.ours, **{"$groups": {"company": "Acme"}}),
        line("page", "bob", place.theirs, **acme, uuid="01a207bd-a9c0-7000-8000-0000000000bb"),
    )
    place.load()
    done = place.erase(subject=Subject("group", group_type="company", group_key="Sentinel Ltd"))
    assert done.state == "verified", done.error
    for _ in range(2):
        assert sorted(place.rows("SELECT team_id, distinct_id FROM events")) == [(1, "ada"), (1, "bob"), (2, "bob")]
        persons = "SELECT team_id, properties FROM persons FINAL WHERE is_deleted = 0 ORDER BY ALL"
        assert place.rows(persons) == [(1, '{"plan":"pro"}'), (1, "{}"), (2, "{}")]
        assert place.rows("SELECT team_id, key FROM groups ORDER BY team_id") == [(1, "Acme"), (2, "Sentinel Ltd")]
        replay(place)


def test_chosen_events_go_and_what_others_say_of_the_same_people_stays(place: Place) -> None:
    old = RECEIVED - timedelta(days=30)
    place.send(
        line("card", "ada", place.ours, number="Sentinel", kind="visa", **{"$set": {"card": "Sentinel"}}),
        line("card", "ada", place.ours, number="Sentinel", kind="visa", at=old),
        line("card", "ada", place.ours, number="5", kind="other"),
        line("page", "ada", place.ours, **{"$set": {"plan": "pro"}}),
        line("card", "eve", place.ours, number="Sentinel", kind="visa"),
    )
    place.load()
    sum_up(place)
    visa = {"type": "event", "key": "kind", "value": "visa", "operator": "exact"}
    span = EventFilter(("card",), RECEIVED - timedelta(days=40), RECEIVED + timedelta(days=1), (visa,))
    done = place.erase(subject=Subject("events", filter=span))
    assert done.state == "verified", done.error
    assert not any(everywhere(place).values()), everywhere(place)
    assert place.rows("SELECT event, events FROM event_counts_hourly ORDER BY event") == [("card", 1), ("page", 1)]
    assert place.rows("SELECT properties FROM persons FINAL WHERE is_deleted = 0") == [('{"plan":"pro"}',)]
    assert place.postgres.row("SELECT count(*) AS n FROM distinct_ids") == {"n": 1}


def test_a_project_goes_with_all_that_was_received_and_made_in_it(place: Place) -> None:
    sprinkle(place)
    keep_answers(place)
    theirs = [row for row in of_bob(place)["events"] if row[0] == place.theirs]
    done = place.erase(subject=Subject("project"))
    assert done.state == "verified", done.error
    assert not any(everywhere(place).values()), everywhere(place)
    assert Projects(place.postgres).get(place.ours) is None
    for _ in range(2):
        assert place.rows("SELECT * EXCEPT batch_id FROM events ORDER BY uuid") == theirs
        assert place.rows("SELECT count() FROM dead_letters") == [(0,)]
        replay(place)
    for table in ("persons", "sessions", "sightings", "group_facts", "cohort_people", "distinct_id_usage"):
        assert place.rows(f"SELECT count() FROM {table} WHERE team_id = 1") == [(0,)]


def test_what_came_after_the_request_stays_and_the_person_is_made_of_it_alone(place: Place) -> None:
    later = ASKED + timedelta(seconds=1)
    place.send(line("page", MAIL, place.ours, **{"$set": {"old": "yes"}}))
    place.load()
    erasure = place.ask(MAIL)
    place.send(
        line("page", MAIL, place.ours, received=later, **{"$set": {"new": "yes"}}),
        line("$identify", "somebody", place.ours, received=later, **{"$anon_distinct_id": MAIL}),
        received=later,
    )
    place.load()
    (done,) = place.eraser().run(erasure.id)
    assert done.state == "verified", done.error
    found: Any = place.rows("SELECT properties FROM persons FINAL WHERE is_deleted = 0")
    assert found == [('{"new":"yes"}',)]
    assert place.rows("SELECT event FROM events ORDER BY event") == [("$identify",), ("page",)]
    ids = place.rows("SELECT distinct_id, person_id FROM person_distinct_ids FINAL WHERE is_deleted = 0")
    assert {distinct_id for distinct_id, _ in ids} == {MAIL, "somebody"}
    assert len({person for _, person in ids}) == 1


def test_an_erasure_during_a_squash_takes_what_the_squash_had_written(place: Place) -> None:
    sprinkle(place)
    squash = Squash(place.postgres, place.clickhouse, lambda: ASKED)
    squash.snapshot()
    squash.rewrite()
    before = of_bob(place)
    done = place.erase(MAIL)
    assert done.state == "verified", done.error
    squash.fold()
    assert not any(everywhere(place).values()), everywhere(place)
    assert of_bob(place) == before


@pytest.mark.parametrize("store", ["s3"], indirect=True)
def test_what_comes_to_light_later_is_found_by_its_hash_and_erased(place: Place) -> None:
    place.send(line("page", MAIL, place.ours))
    place.load()
    done = place.erase(MAIL)
    assert done.subject is None
    stores, moment = (place.store, place.postgres, place.clickhouse), ASKED + timedelta(hours=1)

    def record(who: str, project: int, received: datetime = RECEIVED) -> None:
        part = line("$snapshot", who, project, received=received, **{"$session_id": "s", "$snapshot_data": [{"x": 1}]})
        place.send(part, received=received, prefix=REPLAY_PREFIX)

    record("bob", place.ours)
    record(MAIL, place.theirs)
    record(MAIL, place.ours, ASKED + timedelta(seconds=1))  # she is back
    stays = place.store.objects(REPLAY_PREFIX)
    assert resurfaced(*stores, moment) == []
    # received before the request, by hosts that could not reach the bucket
    place.send(line("late", MAIL, place.ours), line("late", "bob", place.ours))
    place.load()
    record(MAIL, place.ours)
    (found,) = resurfaced(*stores, moment)
    assert (found.events, found.recordings, found.ids) == (1, 1, {MAIL})
    assert place.postgres.row("SELECT resurfaced_at AS at FROM erasures") == {"at": moment}  # alarms tell of it
    assert reopen_resurfaced(*stores, moment) == 1
    (again,) = place.eraser().run()
    assert (again.id, again.state) == (done.id, "verified")
    assert place.rows("SELECT distinct_id FROM events") == [("bob",)]
    assert place.store.objects(REPLAY_PREFIX) == stays
    place.store.delete(item.key for item in stays)
    assert not any(everywhere(place).values())
    record(MAIL, place.ours)  # a part of a recording alone is found, too
    assert reopen_resurfaced(*stores, moment) == 1
    assert [each.state for each in place.eraser().run()] == ["verified"]
    assert place.store.objects(REPLAY_PREFIX) == []


def test_what_arrives_while_it_is_erased_is_no_survivor(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    sprinkle(place)
    erasure, real = place.ask(MAIL), Eraser._drop_answers
    later = ASKED + timedelta(seconds=1)

    def busy(self: Eraser, *arguments: Any) -> None:
        """Others, and she herself, go on; the same events are sent again."""
        place.send(
            line("page", "bob", place.ours, received=later, at=RECEIVED, **{"$set": {"seen": "again"}}),
            line("page", MAIL, place.ours, received=later, at=RECEIVED, uuid=TWICE),
            received=later,
        )
        place.load()
        real(self, *arguments)

    monkeypatch.setattr(Eraser, "_drop_answers", busy)
    (done,) = place.eraser().run(erasure.id)
    assert done.state == "verified", done.error
    assert place.rows("SELECT event FROM events WHERE distinct_id = {id:String}", id=MAIL) == [("page",)]
