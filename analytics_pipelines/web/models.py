"""Bodies of the API, as OpenAPI shows them."""

from typing import Any

from pydantic import BaseModel, Field


class ErrorBody(BaseModel):
    """What every error looks like."""

    type: str
    code: str
    detail: str
    attr: str | None = None


class QueryRequest(BaseModel):
    """A question. `refresh` is accepted; answers are always fresh."""

    query: dict[str, Any] = Field(description="`HogQLQuery` or `TrendsQuery`, in PostHog's shape.")
    refresh: str | bool | None = None


class QueryAnswer(BaseModel):
    """An answer; which further fields it has depends on the kind of the question."""

    results: list[Any]
    hogql: str
    timezone: str
    last_refresh: str
    is_cached: bool
    error: str | None = None
    columns: list[str] | None = None
    types: list[list[str]] | None = None
    limit: int | None = None
    limit_applied: bool | None = Field(default=None, description="More rows than `limit` may exist.")


class ProjectBody(BaseModel):
    """A project. `api_token` is the public key that SDKs send."""

    id: int
    organization_id: int
    name: str
    api_token: str
    timezone: str
    week_start_day: int
    is_demo: bool
    created_at: str


class ProjectList(BaseModel):
    """The projects that the asker may see."""

    count: int
    results: list[ProjectBody]


class Ingestion(BaseModel):
    """How far ingestion is. `lag_seconds` is the age of the oldest object that waits; null when that isn't known."""

    lag_seconds: float | None
    pending_objects: int
    events_total: int
    dead_letters_total: int
    last_event_at: str | None


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
