"""Bodies and query strings of actions, as OpenAPI shows them; the first three are also checked."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_Name = Annotated[str, Field(min_length=1, max_length=400)]
_Text = Annotated[str, Field(max_length=2000)]
_Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=255)]], Field(max_length=100)]
_Matching = Literal["contains", "regex", "exact"]


class ActionStepBody(BaseModel):
    """All that is said must be true of an event; what is said of elements counts for `$autocapture` only."""

    model_config = ConfigDict(extra="forbid")

    event: _Text | None = None
    url: _Text | None = None
    url_matching: _Matching | None = Field(default=None, description="`contains` when left out.")
    selector: _Text | None = Field(default=None, description="As in CSS.")
    tag_name: _Text | None = None
    href: _Text | None = None
    href_matching: _Matching | None = Field(default=None, description="`exact` when left out.")
    text: _Text | None = None
    text_matching: _Matching | None = Field(default=None, description="`exact` when left out.")
    properties: list[dict[str, Any]] | None = Field(default=None, max_length=100)
    # of clients, and kept for them
    id: str | int | None = None
    name: _Text | None = None
    isNew: bool | int | str | None = None  # noqa: N815  PostHog's name
    selector_regex: _Text | None = None


class ActionChanges(BaseModel):
    """What to change of an action; fields that are left out stay."""

    model_config = ConfigDict(extra="ignore")

    name: _Name = "-"
    description: _Text | None = None
    steps: list[ActionStepBody] = Field(
        default_factory=list, max_length=100, description="Any of them; none: every event."
    )
    tags: _Tags = Field(default_factory=list)
    pinned_at: datetime | None = None
    deleted: bool = False


class NewAction(ActionChanges):
    """An action to save."""

    name: _Name


class ActionsQuery(BaseModel):
    """Which of the actions to list."""

    search: str = Field(default="", description="Any part of a name, in any case.")
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class ActionBody(BaseModel):
    """An action."""

    id: int
    name: str
    description: str
    steps: list[dict[str, Any]]
    tags: list[str]
    pinned_at: str | None
    deleted: bool
    is_action: bool
    created_at: str
    created_by: dict[str, Any] | None
    updated_at: str
    team_id: int


class ActionList(BaseModel):
    """Actions, the newest first."""

    count: int = Field(description="How long the whole list is.")
    next: str | None
    previous: str | None
    results: list[ActionBody]
