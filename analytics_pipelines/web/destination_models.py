"""Bodies of destinations, as OpenAPI shows them; the first four are also checked."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_Text = Annotated[str, Field(max_length=2000)]
_Preset = Literal["generic", "slack", "discord", "teams"]


class DestinationChanges(BaseModel):
    """What to change of a destination; fields that are left out stay."""

    model_config = ConfigDict(extra="ignore")

    name: Annotated[str, Field(min_length=1, max_length=400)] = "-"
    description: _Text = ""
    preset: _Preset = Field(default="generic", description="Which body is sent when `body` is null.")
    url: Annotated[str, Field(min_length=1, max_length=2000)] = Field(
        default="-", description="A public address on port 80 or 443. Redirects are not followed."
    )
    method: Literal["POST", "PUT", "PATCH"] = "POST"
    headers: dict[str, str] = Field(
        default_factory=dict,
        description="Sent beside ours. Answers show `********` in place of a value; sent back, it stays as it was.",
    )
    body: Any = Field(
        default=None,
        description="JSON with placeholders such as `{event.properties.plan}`; null for the preset's.",
    )
    filters: dict[str, Any] = Field(
        default_factory=dict,
        description="`events` and `actions` (any of them; none: all events), `properties` (all of them), "
        "`filter_test_accounts`.",
    )
    enabled: bool = True


class NewDestination(DestinationChanges):
    """A destination to save."""

    name: Annotated[str, Field(min_length=1, max_length=400)]
    url: Annotated[str, Field(min_length=1, max_length=2000)]


class WhichDeliveries(BaseModel):
    """Which of those that are parked."""

    model_config = ConfigDict(extra="forbid")

    ids: list[Annotated[int, Field(ge=1, le=2**63 - 1)]] | None = Field(
        default=None, max_length=10_000, description="Null, or left out: all."
    )


class DeliveriesQuery(BaseModel):
    """Which part of the list."""

    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class HealthBody(BaseModel):
    """How a destination does."""

    state: Literal["healthy", "failing", "parked", "disabled"] = Field(
        description="`parked`: sending stopped after too many failures, or events wait for a re-drive."
    )
    sent: int
    last_success_at: str | None
    last_failure_at: str | None
    last_error: str | None
    failures_in_a_row: int
    next_attempt_at: str | None
    backlog: int = Field(description="Events that are about to be sent.")
    parked: int = Field(description="Events that are sent again only when somebody asks for it.")
    batches_waiting: int = Field(description="Batches of events that were not looked through yet.")
    lag_seconds: float = Field(description="Age of the oldest that waits.")


class DestinationBody(BaseModel):
    """A destination."""

    id: int
    name: str
    description: str
    preset: str
    url: str
    method: str
    headers: dict[str, str]
    body: Any
    filters: dict[str, Any]
    enabled: bool
    created_at: str
    created_by: dict[str, Any] | None
    updated_at: str
    old_secret_until: str | None = Field(description="Until then messages are signed with the old secret, too.")
    health: HealthBody


class DestinationWithSecret(DestinationBody):
    """A destination with its signing secret, which is shown this once."""

    signing_secret: str


class DestinationList(BaseModel):
    """Destinations, the newest first."""

    count: int
    next: str | None
    previous: str | None
    results: list[DestinationBody]


class SecretBody(BaseModel):
    """A new signing secret, which is shown this once."""

    signing_secret: str
    old_secret_until: str | None


class TestBody(BaseModel):
    """What became of a sample that was sent."""

    success: bool
    status: int | None
    answer: str | None = Field(description="The beginning of what the receiver answered.")
    error: str | None
    milliseconds: int
    request_body: Any


class DeliveryList(BaseModel):
    """What is parked, in order, and the last attempts that failed."""

    count: int
    next: str | None
    previous: str | None
    results: list[dict[str, Any]]
    recent_failures: list[dict[str, Any]]
    health: HealthBody


class RedrivenBody(BaseModel):
    """How many events that were."""

    count: int
