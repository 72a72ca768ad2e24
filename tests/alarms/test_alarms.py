"""Alarms: told once an hour for each thing, with a count and the mend, and again when it is over."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
import pytest
from click.testing import CliRunner
from hook_receiver import Receiver, receiving

from analytics_pipelines.accounts.people import People
from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.alarms.channels import Mail, NotTold, Webhook, channels
from analytics_pipelines.alarms.incidents import Alarms
from analytics_pipelines.alarms.messages import Trouble, asset_is_stale, preset_of, run_failed
from analytics_pipelines.cli.main import cli
from analytics_pipelines.exports.intervals import Every
from analytics_pipelines.exports.model import Destination, Model
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.outbound.addresses import Allowed
from analytics_pipelines.settings import Settings
from resources.postgres import Postgres

NOW = datetime(2026, 11, 24, 14, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Listener:
    """A channel that remembers, or refuses."""

    name = "listener"

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.deaf = False

    def tell(self, text: str, facts: dict[str, Any]) -> None:
        if self.deaf:
            raise NotTold("It is deaf.")
        self.heard.append(text.split("\n")[0])


def trouble(job: str = "rollup_job") -> Trouble:
    return run_failed(job, "sessions", "Code: 241. Memory limit exceeded\n  at line 5", "r-1", "https://d.example")


@pytest.mark.engines
def test_a_job_that_keeps_failing_is_told_once_an_hour_with_a_count_and_once_when_it_is_over(
    postgres: Postgres,
) -> None:
    listener = Listener()
    alarms = Alarms(postgres, [listener])
    for number in range(5):
        alarms.happened(trouble(), NOW + number * MINUTE)
    assert listener.heard == ["✗ rollup_job failed"]
    assert alarms.follow_up(NOW + 59 * MINUTE) == 0
    alarms.happened(trouble("ingest_job"), NOW + 10 * MINUTE)
    assert listener.heard[1:] == ["✗ ingest_job failed"]
    assert alarms.follow_up(NOW + 60 * MINUTE) == 1
    assert listener.heard[2:] == ["✗ rollup_job failed (5 times since 14:05 UTC)"]
    alarms.over(["run rollup_job"], NOW + 70 * MINUTE)
    assert listener.heard[3:] == ["✓ Over: rollup_job failed (5 times in 70 min)"]
    assert set(alarms.open()) == {"run ingest_job"}
    assert alarms.follow_up(NOW + 71 * MINUTE) == 0  # of the other nothing is new
    alarms.over(["run ingest_job", "run unknown"], NOW + 72 * MINUTE)


@pytest.mark.engines
def test_a_job_that_fails_every_other_time_does_not_tell_of_each(postgres: Postgres) -> None:
    listener = Listener()
    alarms = Alarms(postgres, [listener])
    for number in range(6):
        alarms.happened(trouble(), NOW + 10 * number * MINUTE)
        alarms.over(["run rollup_job"], NOW + (10 * number + 5) * MINUTE)
    assert listener.heard == ["✗ rollup_job failed", "✓ Over: rollup_job failed (once in 5 min)"]
    alarms.happened(trouble(), NOW + 61 * MINUTE)
    assert listener.heard[2:] == ["✗ rollup_job failed"]


@pytest.mark.engines
def test_what_no_channel_took_is_told_later(postgres: Postgres) -> None:
    listener = Listener()
    listener.deaf = True
    alarms = Alarms(postgres, [listener])
    alarms.happened(trouble(), NOW)
    alarms.happened(trouble(), NOW + MINUTE)
    listener.deaf = False
    assert alarms.follow_up(NOW + 2 * MINUTE) == 1
    assert listener.heard == ["✗ rollup_job failed (2 times since 14:05 UTC)"]


@pytest.mark.engines
def test_two_that_tell_at_once_tell_once(postgres: Postgres) -> None:
    other = Listener()

    class Interrupted(Listener):
        def tell(self, text: str, facts: dict[str, Any]) -> None:
            assert Alarms(postgres, [other]).follow_up(NOW) == 0
            assert Alarms(postgres, [other], 1).follow_up(NOW) == 0
            super().tell(text, facts)

    listener = Interrupted()
    Alarms(postgres, [listener]).happened(trouble(), NOW)
    assert Alarms(postgres, [other]).follow_up(NOW) == 0
    assert (listener.heard, other.heard) == (["✗ rollup_job failed"], [])


@pytest.mark.engines
def test_what_lasts_is_told_once_and_when_it_is_over(postgres: Postgres) -> None:
    listener = Listener()
    alarms = Alarms(postgres, [listener])
    for number in range(3):
        alarms.lasts(["stale"], [asset_is_stale("events", None)], NOW + number * MINUTE)
    alarms.lasts(["destination"], [], NOW + 4 * MINUTE)
    assert listener.heard == ["✗ events is stale"]
    alarms.lasts(["stale"], [], NOW + 5 * MINUTE)
    assert listener.heard[1:] == ["✓ Over: events is stale (once in 5 min)"]


def test_a_message_says_what_failed_why_and_what_to_do() -> None:
    with receiving() as receiver:
        Webhook(receiver.url, Allowed.parse(receiver.allowed)).tell(*_message())
    body = json.loads(receiver.got[0].body)
    assert body["text"].split("\n") == [
        "✗ rollup_job failed",
        "sessions: Code: 241. Memory limit exceeded",
        f"What to do: {trouble().mend}",
        "https://d.example/runs/r-1",
    ]
    assert body["subject"] == "run rollup_job"


def _message() -> tuple[str, dict[str, Any]]:
    from analytics_pipelines.alarms.messages import Incident, told

    return told(Incident(trouble(), 1, NOW)), vars(trouble())


@pytest.mark.parametrize(
    ("url", "preset"),
    [
        ("https://hooks.slack.com/services/a/b/c", "slack"),
        ("https://discord.com/api/webhooks/1/x", "discord"),
        ("https://acme.webhook.office.com/x", "teams"),
        ("https://prod-1.westeurope.logic.azure.com:443/x", "teams"),
        ("https://evilhooks.slack.com.example/x", "generic"),
    ],
)
def test_a_chat_is_known_by_its_address(url: str, preset: str) -> None:
    assert preset_of(url) == preset


def test_an_address_inside_is_not_told_unless_it_is_allowed() -> None:
    with receiving() as receiver:
        with pytest.raises(NotTold, match="ANALYTICS_OUTBOUND_ALLOWED"):
            Webhook(receiver.url, Allowed()).tell("x", {})
        assert receiver.connections == 0


def firsts(receiver: Receiver) -> list[str]:
    """The first lines of what it was told."""
    return [json.loads(each.body)["text"].split("\n")[0] for each in receiver.got]


@contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """The least of SMTP: one mail."""
    lines: list[str] = []
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = server.accept()
        with connection, connection.makefile("rwb") as stream:
            in_data = False
            stream.write(b"220 test\r\n")
            stream.flush()
            for raw in stream:
                line = raw.decode().rstrip("\r\n")
                lines.append(line)
                if in_data and line != ".":
                    continue
                in_data = line.upper() == "DATA"
                stream.write(b"354 go on\r\n" if in_data else b"221 bye\r\n" if line == "QUIT" else b"250 ok\r\n")
                stream.flush()
                if line.upper() == "QUIT":
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield server.getsockname()[1], lines
    thread.join(5)
    server.close()


def test_mail_is_sent_to_each_with_the_first_line_as_its_subject() -> None:
    with mail_server() as (port, lines):
        Mail(f"smtp://127.0.0.1:{port}", ["a@example.com", "b@example.com"], "us@example.com").tell(*_message())
    assert "rcpt TO:<b@example.com>" in lines
    assert "To: a@example.com, b@example.com" in lines
    assert any("rollup_job" in line for line in lines if line.startswith("Subject:"))
    with pytest.raises(NotTold) as caught:
        Mail(f"smtp://user:hidden@127.0.0.1:{port}", ["a@example.com"], "us@example.com").tell("x", {})
    assert "hidden" not in str(caught.value)


def test_a_test_says_which_channel_took_it(monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = CliRunner().invoke(cli, ["alarms", "test"])
    assert nowhere.exit_code == 1
    assert "ANALYTICS_ALERT_URL" in nowhere.output
    with receiving(lambda number, _: 200 if number == 0 else 403) as receiver:
        monkeypatch.setenv("ANALYTICS_ALERT_URL", receiver.url)
        monkeypatch.setenv("ANALYTICS_OUTBOUND_ALLOWED", receiver.allowed)
        told = CliRunner().invoke(cli, ["alarms", "test", "--json"])
        assert (told.exit_code, json.loads(told.output)) == (0, {"webhook": {"told": True, "error": None}})
        refused = CliRunner().invoke(cli, ["alarms", "test"])
        assert (refused.exit_code, refused.output.strip()) == (1, "webhook: It answered 403.")


def test_mail_needs_a_server() -> None:
    assert channels(Settings(alert_mail="a@example.com")) == []
    named = channels(Settings(alert_mail="a@example.com, b@example.com", smtp_url="smtp://mail.example"))
    assert [vars(each)["to"] for each in named] == [["a@example.com", "b@example.com"]]


@pytest.mark.engines
def test_a_run_that_fails_is_told_by_the_sensors_to_its_project_too_and_over_when_it_is(
    postgres: Postgres, migrated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from analytics_pipelines.sensors import tell_of_failures, tell_what_lasts
    from resources.shells import AnalyticsResource

    broken = [True]

    @dg.op
    def step() -> None:
        if broken[0]:
            raise ValueError("no space left\nmore")

    @dg.job
    def some_job() -> None:
        step()

    @dg.op
    def export_step() -> None:
        if broken[0]:
            raise dg.Failure("1 of 1 exports failed.", metadata={export.key: "There is no cohort 7."})

    @dg.job
    def events_export_job() -> None:
        export_step()

    People(postgres).ensure_first("Us", "Ours", "phc_x", "admin@example.com")
    with receiving() as receiver, receiving() as of_project, dg.instance_for_test() as instance:
        settings = Settings(
            postgres_url=migrated.postgres_url,
            alert_url=receiver.url,
            outbound_allowed=f"{receiver.allowed},{of_project.allowed}",
        )
        (project,) = Projects(postgres).all()
        Projects(postgres).update(project.id, {"alert_url": of_project.url})
        postgres.execute(
            "INSERT INTO cohorts (team_id, name, errors_calculating, last_error) VALUES (%s, 'Pros', 1, 'No action.')",
            [project.id],
        )
        fields = {"name": "Lake", "model": Model.EVENTS, "every": Every.HOUR, "filters": {}, "columns": (), "query": ""}
        export = Exports(postgres, project.id).create(fields, Destination("Folder", {"file_format": "Parquet"}), None)
        monkeypatch.setattr("resources.shells.settings_of_process", lambda: settings)

        def tell(failed: Any) -> None:
            context = dg.build_run_status_sensor_context(
                "tell_of_failures", failed.get_run_failure_event(), instance, failed.dagster_run
            ).for_run_failure()
            tell_of_failures(context, analytics=AnalyticsResource())

        tell(some_job.execute_in_process(instance=instance, raise_on_error=False))
        text = json.loads(receiver.got[0].body)["text"]
        assert text.startswith("✗ some_job failed\nstep: ValueError: no space left\n"), text
        assert b"Cohort 'Pros'" in of_project.got[0].body
        partition = {"dagster/partition": export.key}
        failed = events_export_job.execute_in_process(instance=instance, raise_on_error=False, tags=partition)
        tell(failed)
        assert firsts(of_project)[1:] == [f"✗ A run of export 'Lake' of project {project.id} failed"]
        assert b"There is no cohort 7." in of_project.got[1].body
        follow_up = dg.build_sensor_context(instance=instance)
        tell_what_lasts(follow_up, analytics=AnalyticsResource())
        assert (len(receiver.got), len(of_project.got)) == (2, 2)
        broken[0] = False
        postgres.execute("UPDATE cohorts SET errors_calculating = 0")
        some_job.execute_in_process(instance=instance)
        events_export_job.execute_in_process(instance=instance, tags={"dagster/partition": "another"})
        tell_what_lasts(follow_up, analytics=AnalyticsResource())
        assert [text.split(" (")[0] for text in firsts(of_project)[2:]] == [
            f"✓ Over: Cohort 'Pros' of project {project.id} can't be calculated"
        ]
        events_export_job.execute_in_process(instance=instance, tags=partition)
        tell_what_lasts(follow_up, analytics=AnalyticsResource())
        assert firsts(of_project)[3].startswith(f"✓ Over: A run of export 'Lake' of project {project.id} failed (once")
        assert {text.split(" (")[0] for text in firsts(receiver)[2:]} == {
            "✓ Over: some_job failed",
            "✓ Over: events_export_job failed",
        }
        assert (len(receiver.got), len(of_project.got)) == (4, 4)


@pytest.mark.engines
def test_a_run_that_is_tried_again_keeps_no_other_of_the_same_look_from_being_told(
    migrated: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dagster fails a look of which one run was skipped with a reason and another was not."""
    from analytics_pipelines.sensors import tell_of_failures
    from resources.shells import AnalyticsResource

    @dg.op
    def step() -> None:
        raise ValueError("no space left")

    @dg.job
    def some_job() -> None:
        step()

    with receiving() as receiver, dg.instance_for_test() as instance:
        settings = Settings(
            postgres_url=migrated.postgres_url, alert_url=receiver.url, outbound_allowed=receiver.allowed
        )
        monkeypatch.setattr("resources.shells.settings_of_process", lambda: settings)
        said = []
        for tags in ({"dagster/will_retry": "true"}, {}):
            failed = some_job.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
            context = dg.build_run_status_sensor_context(
                "tell_of_failures", failed.get_run_failure_event(), instance, failed.dagster_run
            ).for_run_failure()
            said.append(tell_of_failures(context, analytics=AnalyticsResource()))
        assert said == [None, None]
        assert len(receiver.got) == 1
