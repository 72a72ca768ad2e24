"""Each project tells its own people what goes wrong in it, and nobody else's."""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hook_receiver import Receiver, receiving

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.project_changes import WrongChange
from analytics_pipelines.accounts.projects import Project, Projects
from analytics_pipelines.alarms.projects import ProjectAlarms, check_reachable
from analytics_pipelines.alarms.troubles import of_installation, troubles
from analytics_pipelines.erasures.requests import Erasures
from analytics_pipelines.erasures.subject import Subject
from analytics_pipelines.exports.intervals import Every, Interval
from analytics_pipelines.exports.model import Destination, Export, Model
from analytics_pipelines.exports.runs import Runs
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.settings import Settings
from analytics_pipelines.webhooks.store import Destinations
from resources.postgres import Postgres

pytestmark = pytest.mark.engines

NOW = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@dataclass
class World:
    """Two projects: `ours` tells the receiver, `theirs` tells nobody until a test says so."""

    postgres: Postgres
    receiver: Receiver
    ours: Project
    theirs: Project

    @property
    def alarms(self) -> ProjectAlarms:
        settings = Settings(postgres_url=self.postgres.url, outbound_allowed=self.receiver.allowed)
        return ProjectAlarms(self.postgres, settings)

    def tell(self, now: datetime, *, is_stale: bool = False) -> list[str]:
        """What the receiver is told in one round: the first lines."""
        before = len(self.receiver.got)
        self.alarms.tell(now, is_stale=is_stale)
        return [json.loads(each.body)["text"].split("\n")[0] for each in self.receiver.got[before:]]

    def last(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.receiver.got[-1].body)
        return found

    def export(self, project: Project) -> Export:
        fields = {"name": "To the lake", "model": Model.EVENTS, "every": Every.HOUR, "start_at": NOW - HOUR}
        given = {**fields, "filters": {}, "columns": (), "query": ""}
        return Exports(self.postgres, project.id).create(given, Destination("Folder", {"file_format": "Parquet"}), None)

    def fail(self, export: Export, now: datetime) -> None:
        """Its next interval is tried, and fails."""
        runs = Runs(self.postgres, export)
        self.postgres.execute("UPDATE export_runs SET next_attempt_at = %s", [now])
        run = runs.next(now)
        assert run is not None
        runs.begin(run, now, None)
        runs.fail(run, "The bucket is not there.", now)


@pytest.fixture
def world(postgres: Postgres) -> Iterator[World]:
    People(postgres).ensure_first("Us", "Ours", "phc_x", "admin@example.com")
    projects = Projects(postgres)
    (ours,) = projects.all()
    with receiving() as receiver:
        projects.update(ours.id, {"alert_url": receiver.url})
        yield World(postgres, receiver, ours, projects.create("Theirs"))


def test_an_export_that_keeps_failing_is_told_once_an_hour_with_a_count_and_the_mend_until_it_is_over(
    world: World,
) -> None:
    ours, theirs = world.export(world.ours), world.export(world.theirs)
    hour = Interval(NOW - HOUR, NOW)
    for export in (ours, theirs):
        Runs(world.postgres, export).ask([hour], "schedule", NOW)
        world.fail(export, NOW)
    assert world.tell(NOW) == [f"✗ Export 'To the lake' of project {world.ours.id} fails"]
    told = world.last()
    assert (told["subject"], told["over"]) == (f"export {ours.id}", False)
    assert "The bucket is not there. (1 interval)" in told["text"]
    assert f"/api/projects/{world.ours.id}/batch_exports/{ours.id}/runs/" in told["mend"]
    for minute in (10, 20):
        world.fail(ours, NOW + minute * MINUTE)
        assert world.tell(NOW + minute * MINUTE) == []
    again = f"✗ Export 'To the lake' of project {world.ours.id} fails (3 times since 14:05 UTC)"
    assert world.tell(NOW + HOUR) == [again]
    runs = Runs(world.postgres, ours)
    run = runs.page(1, 0)[0][0]
    runs.begin(run, NOW + HOUR, None)
    assert world.tell(NOW + HOUR) == []  # it is tried, and not well yet
    runs.complete(run, [], "x", NOW + HOUR)
    assert world.tell(NOW + 61 * MINUTE) == [
        f"✓ Over: Export 'To the lake' of project {world.ours.id} fails (3 times in 61 min)"
    ]


def test_a_run_of_an_export_that_failed_before_any_interval_is_told_until_it_is_paused(world: World) -> None:
    export = world.export(world.ours)
    world.alarms.export_run_failed("events_export_job", export.key, "There is no cohort 7.", NOW)
    assert "There is no cohort 7." in world.last()["text"]
    assert world.tell(NOW + MINUTE) == []
    Exports(world.postgres, world.ours.id).change(export.id, {"paused": True})
    title = f"A run of export 'To the lake' of project {world.ours.id} failed"
    assert world.tell(NOW + 2 * MINUTE) == [f"✓ Over: {title} (once in 2 min)"]
    before = len(world.receiver.got)
    world.alarms.export_run_failed("events_export_job", export.key, "Nobody cares.", NOW + 2 * HOUR)
    assert len(world.receiver.got) == before


def test_parked_destinations_broken_erasures_insights_and_cohorts_are_told_and_when_they_are_well(world: World) -> None:
    postgres, team = world.postgres, world.ours.id
    destination, _ = Destinations(postgres, team).create(
        {"name": "CRM", "url": "https://crm.example.com", "filters": {}}, None
    )
    postgres.execute("UPDATE webhook_destinations SET parked_at = %s, last_error = 'It answered 500.'", [NOW])
    erasures = Erasures(postgres)
    erasure = erasures.request(team, Subject("person", frozenset({"ada@example.com"})), by="us", now=NOW)
    erasures.begin(erasure.id, None, NOW)
    erasures.fail(erasure.id, "ClickHouse refused, with the code 241.", NOW)
    postgres.execute(
        "INSERT INTO insights (team_id, short_id, name, query, created_at, last_modified_at)"
        " VALUES (%s, 'Abc', %s, '{}', %s, %s), (%s, 'Old', 'Long broken', '{}', %s, %s)",
        [team, "Weekly\r\nsales", NOW - HOUR, NOW - HOUR, team, NOW - 99 * HOUR, NOW - 99 * HOUR],
    )
    wrong = json.dumps({"status": 400, "code": "invalid_query", "detail": "There is no column `amount`."})
    postgres.execute(
        "INSERT INTO insight_results (insight_id, question, error, attempted_at)"
        " SELECT id, 'q', %s, CASE short_id WHEN 'Abc' THEN %s ELSE %s END FROM insights",
        [wrong, NOW - MINUTE, NOW - 30 * HOUR],
    )
    postgres.execute(
        "INSERT INTO cohorts (team_id, name, errors_calculating, last_error, last_error_at)"
        " VALUES (%s, 'Pros', 1, 'There is no action 7.', %s)",
        [team, NOW],
    )
    told = world.tell(NOW)
    assert sorted(told) == [
        f"✗ Cohort 'Pros' of project {team} can't be calculated",
        f"✗ Destination {destination.id} of project {team} is parked",
        f"✗ Erasure {erasure.id} of project {team} was broken off",
        f"✗ Insight 'Weekly sales' of project {team} can't be answered",
    ]
    assert not any(b"ada@example.com" in each.body for each in world.receiver.got)
    assert all(json.loads(each.body)["mend"] for each in world.receiver.got)
    found = troubles(postgres, "https://us.example", NOW)
    assert {each.kind for each in of_installation(found)} == {"destination", "erasure"}
    erasures.begin(erasure.id, None, NOW + MINUTE)
    assert world.tell(NOW + MINUTE) == []  # of what lasts, and is tried again, nothing is new
    erasures.fail(erasure.id, "ClickHouse refused, with the code 241.", NOW + MINUTE)
    again = f"✗ Erasure {erasure.id} of project {team} was broken off (2 times since 14:05 UTC)"
    assert world.tell(NOW + 26 * HOUR) == [again]
    erasures.verify(erasure.id, {}, NOW + 26 * HOUR)
    postgres.execute("UPDATE webhook_destinations SET parked_at = NULL")
    postgres.execute("UPDATE insight_results SET error = NULL")
    postgres.execute("UPDATE cohorts SET errors_calculating = 0")
    assert {line.split(" of ")[0] for line in world.tell(NOW + 27 * HOUR)} == {
        f"✓ Over: Erasure {erasure.id}",
        f"✓ Over: Destination {destination.id}",
        "✓ Over: Insight 'Weekly sales'",
        "✓ Over: Cohort 'Pros'",
    }


def test_survivors_of_an_erasure_are_told_even_if_they_went_again_at_once(world: World) -> None:
    erasures = Erasures(world.postgres)
    erasure = erasures.request(world.ours.id, Subject("person", frozenset({"ada"})), by="us", now=NOW)
    erasures.begin(erasure.id, None, NOW)
    erasures.verify(erasure.id, {}, NOW)
    assert world.tell(NOW) == []
    erasures.note_resurfaced(erasure.id, NOW + MINUTE)
    erasures.reopen(erasure, Subject("person", frozenset({"ada"})))
    erasures.begin(erasure.id, None, NOW + MINUTE)
    erasures.verify(erasure.id, {}, NOW + 2 * MINUTE)
    assert world.tell(NOW + 3 * MINUTE) == [f"✗ Erasure {erasure.id} of project {world.ours.id} had survivors"]
    assert "It went as well." in world.last()["mend"]
    assert world.tell(NOW + 2 * HOUR) == [
        f"✓ Over: Erasure {erasure.id} of project {world.ours.id} had survivors (once in 117 min)"
    ]


def test_every_project_that_listens_is_told_that_events_are_loaded_late(world: World) -> None:
    with receiving() as other:
        Projects(world.postgres).update(world.theirs.id, {"alert_url": other.url})
        settings = Settings(outbound_allowed=f"{world.receiver.allowed},{other.allowed}")
        alarms = ProjectAlarms(world.postgres, settings)
        for minute in range(3):
            alarms.tell(NOW + minute * MINUTE, is_stale=True)
        alarms.tell(NOW + 3 * MINUTE, is_stale=False)
        for receiver, project in ((world.receiver, world.ours), (other, world.theirs)):
            lines = [json.loads(each.body)["text"].split("\n")[0] for each in receiver.got]
            title = f"Project {project.id} sees no new events"
            assert lines == [f"✗ {title}", f"✓ Over: {title} (once in 3 min)"]


def test_who_stops_listening_and_comes_back_is_told_what_is_wrong_then(world: World) -> None:
    assert world.tell(NOW, is_stale=True) != []
    projects = Projects(world.postgres)
    projects.update(world.ours.id, {"alert_url": None})
    assert world.tell(NOW + MINUTE, is_stale=True) == []
    projects.update(world.ours.id, {"alert_url": world.receiver.url})
    assert world.tell(NOW + 2 * MINUTE, is_stale=True) == [f"✗ Project {world.ours.id} sees no new events"]


def test_a_receiver_that_is_slow_or_sends_elsewhere_keeps_nobody_else_from_being_told(world: World) -> None:
    world.receiver.plan = lambda number, _: (302, {"Location": f"{world.receiver.url}/elsewhere"}, b"")
    assert world.tell(NOW, is_stale=True) == [f"✗ Project {world.ours.id} sees no new events"]  # and not elsewhere
    assert {each.path for each in world.receiver.got} == {"/hook"}
    with receiving() as other:
        Projects(world.postgres).update(world.theirs.id, {"alert_url": other.url})
        settings = Settings(outbound_allowed=f"{world.receiver.allowed},{other.allowed}")
        clock = iter(range(0, 1000, 100))
        alarms = ProjectAlarms(world.postgres, settings, clock=lambda: float(next(clock)))
        before = len(world.receiver.got)
        alarms.tell(NOW + MINUTE, is_stale=True)  # the round is over after one of them
        assert len(world.receiver.got) - before + len(other.got) == 1
        ProjectAlarms(world.postgres, settings).tell(NOW + 2 * MINUTE, is_stale=True)
        assert len(other.got) == 1
        world.receiver.plan = lambda *_: 200
        ProjectAlarms(world.postgres, settings).tell(NOW + 3 * MINUTE, is_stale=True)
        assert world.receiver.got[-1].path == "/hook"
        assert len(other.got) == 1


def test_an_address_within_the_network_is_told_nothing_and_no_log_holds_the_url(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = f"{world.receiver.url}/s3cret"
    Projects(world.postgres).update(world.ours.id, {"alert_url": secret})
    assert world.tell(NOW, is_stale=True) != []
    closed = ProjectAlarms(world.postgres, Settings())
    closed.tell(NOW + 2 * HOUR, is_stale=False)
    assert len(world.receiver.got) == 1
    assert "could not be told" in caplog.text
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(Projects(world.postgres).get(world.ours.id))
    assert "s3cret" not in repr(world.alarms.channels())
    with pytest.raises(WrongChange) as refused:
        check_reachable({"alert_url": secret}, Settings())
    assert refused.value.field == "alert_url"
    assert "s3cret" not in str(refused.value)


def test_mail_goes_by_the_installations_server_and_needs_one(world: World) -> None:
    projects = Projects(world.postgres)
    projects.update(world.ours.id, {"alert_url": None, "alert_mail": "a@example.com,b@example.com"})
    assert world.alarms.channels() == {}
    settings = Settings(smtp_url="smtp://mail.example", alert_from="us@example.com")
    ((team, (mail,)),) = ProjectAlarms(world.postgres, settings).channels().items()
    assert team == world.ours.id
    assert (vars(mail)["to"], vars(mail)["sender"]) == (["a@example.com", "b@example.com"], "us@example.com")
    with pytest.raises(WrongChange, match="ANALYTICS_SMTP_URL"):
        check_reachable({"alert_mail": "a@example.com"}, Settings())
