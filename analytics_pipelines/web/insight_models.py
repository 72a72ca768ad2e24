"""Bodies and query strings of saved insights, as OpenAPI shows them; the first three are also checked."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Name = Annotated[str, Field(max_length=400)]
Description = Annotated[str, Field(max_length=10_000)]
Tags = Annotated[list[Annotated[str, Field(min_length=1, max_length=255)]], Field(max_length=100)]
Refresh = Literal[
    "true",
    "false",
    "blocking",
    "async",
    "async_except_on_cache_miss",
    "lazy_async",
    "force_async",
    "force_blocking",
    "force_cache",
]
_REFRESH = (
    "`force_cache` and nothing: what is stored, however old. `blocking`: computed anew first if it is stale; "
    "`force_blocking` and `true`: in any case. `async` and `force_async`: likewise, in the background; "
    "`query_status` says so."
)
_Id = Annotated[int, Field(ge=1, lt=2**63)]


class InsightChanges(BaseModel):
    """What to change of an insight; fields that are left out stay."""

    model_config = ConfigDict(extra="ignore", strict=True)

    name: Name | None = None
    derived_name: Name | None = Field(default=None, description="Shown while there is no `name`.")
    description: Description | None = None
    query: dict[str, Any] = Field(default_factory=dict, description="A question, as for `query/`; bare or in a node.")
    favorited: bool = False
    saved: bool = True
    tags: Tags = Field(default_factory=list)
    dashboards: list[_Id] = Field(default_factory=list, max_length=1000, description="All dashboards that show it.")
    deleted: bool = False


class NewInsight(InsightChanges):
    """An insight to save."""

    query: dict[str, Any] = Field(description="A question, as for `query/`; bare or in a node.")


class RefreshQuery(BaseModel):
    """Whether to compute anew."""

    refresh: Refresh = Field(default="force_cache", description=_REFRESH)


class InsightsQuery(RefreshQuery):
    """Which of the insights to list."""

    search: str = Field(default="", description="Any part of a name, description or tag, in any case.")
    short_id: str = ""
    insight: str = Field(default="", description="A kind of question: `TrendsQuery`, or PostHog's short `TRENDS`.")
    saved: Literal["true", "false"] | None = None
    favorited: Literal["true", "false"] | None = None
    basic: Literal["true", "false"] = Field(default="false", description="`true` leaves the results out.")
    dashboards: str = Field(default="", description="A JSON list of ids: only what all of them show.")
    order: Literal[
        "name", "-name", "created_at", "-created_at", "last_modified_at", "-last_modified_at", "last_viewed_at",
        "-last_viewed_at",
    ] = "-last_modified_at"  # fmt: skip
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class InsightQuery(RefreshQuery):
    """How to show an insight."""

    from_dashboard: int | None = Field(default=None, ge=1, description="With this dashboard's filters.")
    filters_override: str = Field(default="", description="A JSON object: these filters instead of the dashboard's.")


class PersonBody(BaseModel):
    """Who did it."""

    id: int
    email: str
    first_name: str


class TileOfInsightBody(BaseModel):
    """Where an insight is shown."""

    id: int
    dashboard_id: int


class ResultErrorBody(BaseModel):
    """Why the last attempt to compute an answer failed."""

    status: int
    code: str
    detail: str


class InsightBody(BaseModel):
    """A saved insight with its stored answer; further fields of an answer depend on the kind of the question."""

    id: int
    short_id: str
    name: str
    derived_name: str
    description: str
    query: dict[str, Any]
    favorited: bool
    saved: bool
    tags: list[str]
    deleted: bool
    dashboards: list[int]
    dashboard_tiles: list[TileOfInsightBody]
    created_at: str
    created_by: PersonBody | None
    last_modified_at: str
    last_modified_by: PersonBody | None
    updated_at: str
    last_viewed_at: str | None
    result: list[Any] | dict[str, Any] | None = Field(description="null when it was never computed.")
    last_refresh: str | None = Field(description="When it was computed.")
    is_cached: bool
    is_stale: bool = Field(description="Another answer may be had by now; `refresh` computes it.")
    cache_target_age: str | None = Field(description="When it will be stale.")
    next_allowed_client_refresh: str | None
    query_status: dict[str, Any] | None = Field(description="Not null: it is being computed.")
    result_error: ResultErrorBody | None = Field(description="The result is then of an earlier attempt, or null.")
    timezone: str
    hogql: str | None = None
    columns: list[str] | None = None
    types: list[list[str]] | None = None
    hasMore: bool | None = None  # noqa: N815  PostHog's name
    resolved_date_range: dict[str, Any] | None = None
    data_version: int | None = Field(default=None, description="Number of the last change of the data it was read of.")
    rows_read: int | None = None
    milliseconds: int | None = Field(default=None, description="How long it took to compute.")


class InsightListBody(BaseModel):
    """Saved insights."""

    count: int = Field(description="How long the whole list is.")
    next: str | None
    previous: str | None
    results: list[InsightBody]
