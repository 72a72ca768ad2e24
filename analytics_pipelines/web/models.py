"""Bodies of the API, as OpenAPI shows them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from analytics_pipelines.accounts.project_changes import MOST_CHARACTERS, MOST_DAYS, MOST_ENTRIES, MOST_FILTERS


class ErrorBody(BaseModel):
    """What every error looks like."""

    type: str
    code: str
    detail: str
    attr: str | None = None


_Entries = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]], Field(max_length=MOST_ENTRIES)
]
_Days = Annotated[int, Field(ge=1, le=MOST_DAYS)] | None


class ProjectBody(BaseModel):
    """A project. `api_token` is the public key that SDKs send; the fields from `anonymize_ips` on are its rules."""

    id: int
    organization_id: int
    name: str
    api_token: str
    timezone: str
    week_start_day: int
    is_demo: bool
    created_at: str
    test_account_filters: list[dict[str, Any]] = Field(
        description="Property filters that questions with `filterTestAccounts` put before their own."
    )
    path_cleaning_filters: list[dict[str, Any]] = Field(
        description="What matches `regex` counts as `alias` in paths that ask for it."
    )
    anonymize_ips: bool
    denied_properties: list[str]
    denied_events: list[str]
    allowed_events: list[str] = Field(description="Empty: all are.")
    denied_distinct_ids: list[str]
    daily_event_quota: int | None = Field(description="Events a UTC day of arrival; null is no quota.")
    autocapture_opt_out: bool
    session_recording_opt_in: bool
    event_retention_days: int | None = Field(description="Null: events are kept for ever.")
    recording_retention_days: int | None = Field(description="Null: session recordings are kept for ever.")
    dead_letter_retention_days: int | None = Field(description="Null: dead letters are kept for ever.")
    export_retention_days: int | None = Field(description="Null: files in the exports folder are kept for ever.")
    alert_url: str | None = Field(
        description="A webhook that is told of what goes wrong in the project; null: none is."
    )
    alert_mail: str | None = Field(description="Who gets the same by mail, separated by commas; null: nobody.")


class ProjectDetail(ProjectBody):
    """A project with its use."""

    events_today: int = Field(description="Events that arrived on this UTC day; the quota is held against it.")


def _left_out() -> Any:
    """A field may be left out, and then is not changed: the description names no default that a client might send."""


class ProjectChanges(BaseModel):
    """What to change of a project; fields that are left out stay. Capture follows within a minute."""

    name: str = Field(default_factory=_left_out, min_length=1, max_length=MOST_CHARACTERS)
    timezone: str = Field(default_factory=_left_out, description="An IANA name; days begin at its midnight.")
    week_start_day: Literal[0, 1] = Field(default_factory=_left_out, description="0 Sunday, 1 Monday.")
    test_account_filters: list[dict[str, Any]] = Field(
        default_factory=_left_out,
        max_length=MOST_FILTERS,
        description="Property filters in PostHog's shape: `[{key, value, operator, type}]`.",
    )
    path_cleaning_filters: list[dict[str, Any]] = Field(
        default_factory=_left_out,
        max_length=MOST_FILTERS,
        description="Rules in PostHog's shape, `[{regex, alias}]`, each for what the one before left.",
    )
    anonymize_ips: bool = Field(default_factory=_left_out, description="Store no addresses of senders.")
    denied_properties: _Entries = Field(
        default_factory=_left_out, description="Properties that are taken out of each event."
    )
    denied_events: _Entries = Field(default_factory=_left_out, description="Names of events that are dropped.")
    allowed_events: _Entries = Field(
        default_factory=_left_out, description="Names of the only events that are kept; empty: all are."
    )
    denied_distinct_ids: _Entries = Field(default_factory=_left_out, description="Senders whose events are dropped.")
    daily_event_quota: int | None = Field(
        default_factory=_left_out, ge=0, description="Events a UTC day of arrival; further ones are dropped."
    )
    autocapture_opt_out: bool = Field(default_factory=_left_out, description="SDKs send no clicks of their own accord.")
    session_recording_opt_in: bool = Field(default_factory=_left_out, description="SDKs record sessions.")
    event_retention_days: _Days = Field(
        default_factory=_left_out, description="Events of UTC days before the last so many are deleted, once a day."
    )
    recording_retention_days: _Days = Field(
        default_factory=_left_out, description="Recordings that arrived before the last so many days are deleted."
    )
    dead_letter_retention_days: _Days = Field(
        default_factory=_left_out, description="Dead letters that arrived before the last so many days are deleted."
    )
    export_retention_days: _Days = Field(
        default_factory=_left_out,
        description="Files in the exports folder of intervals before the last so many days are deleted.",
    )
    alert_url: str | None = Field(
        default_factory=_left_out,
        description="A webhook that is told of what goes wrong in the project: Slack's, Discord's, Teams', or any that "
        "takes JSON. It must be a public address.",
    )
    alert_mail: str | None = Field(
        default_factory=_left_out,
        description="Who gets the same by mail, separated by commas; the installation needs a mail server.",
    )


class RetentionQuery(BaseModel):
    """Rules to try, each a number of days; those that are left out are not looked at."""

    event_retention_days: int | None = Field(None, ge=1, le=MOST_DAYS)
    dead_letter_retention_days: int | None = Field(None, ge=1, le=MOST_DAYS)
    recording_retention_days: int | None = Field(None, ge=1, le=MOST_DAYS)
    export_retention_days: int | None = Field(None, ge=1, le=MOST_DAYS)


class WouldGo(BaseModel):
    """What a rule would remove: what is older than `kept_from`, a UTC day."""

    kept_from: str
    rows: int | None = Field(description="Null for recordings and exported files, which are not counted.")


class RetentionBody(BaseModel):
    """What would go, by rule."""

    rules: dict[str, WouldGo]


class TestedChannel(BaseModel):
    """Whether a channel, `webhook` or `mail`, took a test message, and why not."""

    name: str
    told: bool
    error: str | None


class TestedAlarms(BaseModel):
    """What became of a test message, by channel."""

    channels: list[TestedChannel]


class ProjectList(BaseModel):
    """The projects that the asker may see."""

    count: int
    results: list[ProjectBody]


class DroppedBody(BaseModel):
    """How many events of a name a rule dropped."""

    rule: str
    event: str
    events: int


class WarnedEventBody(BaseModel):
    """An event that was warned of."""

    event: str
    distinct_id: str
    uuid: str
    details: str = Field(description="More about it, as JSON text; empty when there is no more to say.")


class WarningBody(BaseModel):
    """Events that were stored, but not as their sender may have meant them."""

    type: str
    title: str
    meaning: str = Field(description="What happened, in words.")
    advice: str = Field(description="What those who send events can do about it.")
    events: int
    last_seen: str = Field(description="When the latest of them arrived.")
    example: WarnedEventBody = Field(description="The latest of them.")


class Ingestion(BaseModel):
    """How far ingestion is. `lag_seconds` is the age of the oldest object that waits; null when that isn't known."""

    lag_seconds: float | None
    pending_objects: int
    events_total: int
    dead_letters_total: int
    last_event_at: str | None
    dropped_total: int = Field(description="Events that rules of the project dropped, ever.")
    dropped: list[DroppedBody] = Field(description="The most frequent of the last 30 days, at most 20.")
    warnings: list[WarningBody] = Field(description="Those of the last 30 days by type, the latest first.")


class Organization(BaseModel):
    """Whose projects these are."""

    id: int
    name: str


class Me(BaseModel):
    """The signed-in person."""

    id: int
    email: str
    name: str
    organization: Organization


class InstanceBody(BaseModel):
    """This installation, as far as browsers need to know it."""

    version: str
    capture_url: str
    dagster_url: str | None
