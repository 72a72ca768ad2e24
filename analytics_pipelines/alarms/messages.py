"""What alarms say. Pure."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from analytics_pipelines.webhooks.presets import Preset

_MOST_DETAIL = 500
# By job: what to do, for those of whom more can be said than to look at the run.
_MENDS = {
    "ingest_job": "`analytics doctor` says what is away. Events wait in the bucket and are loaded when it is back.",
    "rollup_job": "The days are asked for again by themselves; if it keeps failing, `analytics doctor` says what is "
    "short.",
    "follow_job": "It starts again by itself; `analytics doctor` says what is away. No event is lost to a destination.",
    "squash_job": "Run it again from Dagster: what was broken off goes on.",
    "cohort_job": "The cohort says what is wrong with it; it keeps its old members until then.",
    "delivery_job": "The destination's page says what its receiver answers.",
}
_MEND = "Open the run in Dagster and re-execute it from the failure."
_HOSTS: tuple[tuple[str, Preset], ...] = (
    ("hooks.slack.com", "slack"),
    ("discord.com", "discord"),
    ("discordapp.com", "discord"),
    ("webhook.office.com", "teams"),
    ("logic.azure.com", "teams"),
    ("api.powerplatform.com", "teams"),
)


@dataclass(frozen=True)
class Trouble:
    """Something that went wrong: `subject` (its kind and a name) groups what is told together, `title` names it to
    people, `what` is the asset and the first line of its error, `link` leads there (or is empty). `count`: how many
    times so far, if that is known."""

    subject: str
    title: str
    what: str
    mend: str
    link: str = ""
    count: int = 1

    @property
    def kind(self) -> str:
        return self.subject.split(" ", 1)[0]


@dataclass(frozen=True)
class Incident:
    """A trouble while it lasts: `count` times since `since`."""

    trouble: Trouble
    count: int
    since: datetime


def run_failed(job: str, step: str, error: str, run_id: str, dagster_url: str | None) -> Trouble:
    """A run of a job that failed."""
    what = f"{step}: {error}" if step else error
    return Trouble(
        subject=f"run {job}",
        title=f"{job} failed",
        what=first_line(what),
        mend=_MENDS.get(job, _MEND),
        link=f"{dagster_url.rstrip('/')}/runs/{run_id}" if dagster_url else f"Dagster's run {run_id}",
    )


def asset_is_stale(asset: str, dagster_url: str | None) -> Trouble:
    """An asset that is not made as often as it should be."""
    return Trouble(
        subject=f"stale {asset}",
        title=f"{asset} is stale",
        what=f"{asset} was not made for longer than its freshness policy allows.",
        mend="`analytics status` says whether Dagster runs; its page of the asset shows the last run.",
        link=f"{dagster_url.rstrip('/')}/assets/{asset}" if dagster_url else "",
    )


def destination_is_parked(team_id: int, destination_id: int, error: str, browser_url: str) -> Trouble:
    """A receiver that was away for too long."""
    return Trouble(
        subject=f"destination {team_id}-{destination_id}",
        title=f"Destination {destination_id} of project {team_id} is parked",
        what=first_line(error or "Its receiver failed too often."),
        mend=f"Mend the receiver, then `POST /api/projects/{team_id}/destinations/{destination_id}/redrive/`.",
        link=f"{browser_url}/project/{team_id}",
    )


def told(incident: Incident) -> str:
    """The message of an alarm.

    >>> from datetime import UTC
    >>> trouble = Trouble("run x", "x failed", "events: no space left", "Make space.", "https://d/runs/1")
    >>> print(told(Incident(trouble, 3, datetime(2026, 11, 1, 14, 5, tzinfo=UTC))))
    ✗ x failed (3 times since 14:05 UTC)
    events: no space left
    What to do: Make space.
    https://d/runs/1
    """
    times = f" ({incident.count} times since {incident.since:%H:%M} UTC)" if incident.count > 1 else ""
    lines = [f"✗ {incident.trouble.title}{times}", incident.trouble.what, f"What to do: {incident.trouble.mend}"]
    return "\n".join(filter(None, [*lines, incident.trouble.link]))


def told_over(incident: Incident, now: datetime) -> str:
    """The message that it is over."""
    minutes = max(1, round((now - incident.since).total_seconds() / 60))
    times = "once" if incident.count == 1 else f"{incident.count} times"
    return f"✓ Over: {incident.trouble.title} ({times} in {minutes} min)"


def preset_of(url: str) -> Preset:
    """What kind of receiver a URL is of.

    >>> preset_of("https://hooks.slack.com/services/T/B/x"), preset_of("https://crm.example/hook")
    ('slack', 'generic')
    """
    host = (urlsplit(url).hostname or "").lower()
    return next((preset for name, preset in _HOSTS if host == name or host.endswith(f".{name}")), "generic")


def first_line(text: str) -> str:
    """Of an error: what fits into a message."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")[:_MOST_DETAIL]
