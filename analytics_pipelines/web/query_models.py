"""Bodies of the questions' part of the API."""

from typing import TYPE_CHECKING, Any, Union

from pydantic import BaseModel, ConfigDict, Field

from analytics_pipelines.insights.kinds import KINDS
from analytics_pipelines.insights.sql_query import HogQLQuery
from analytics_pipelines.queries.language import LANGUAGE_KINDS, DatabaseSchemaQuery, HogQLAutocomplete, HogQLMetadata
from analytics_pipelines.queries.question import SQL
from analytics_pipelines.queries.refresh import Refresh

MOST_ID_CHARACTERS = 100
QUERY_ID = rf"^[A-Za-z0-9_.-]{{1,{MOST_ID_CHARACTERS}}}$"

_REFRESH = """How fresh the answer must be, and whether to wait for it.

`blocking` (the default): a kept answer that is not stale, else a new one. `force_blocking` or true: a new one.
`async`: a kept answer, even a stale one, and where it is stale or missing `query_status` of a run that makes a new one.
`lazy_async`: the same, but it is stale later. `async_except_on_cache_miss`: the same, but when none is kept you wait.
`force_async`: a run in any case. `force_cache`: what is kept, or null."""


if TYPE_CHECKING:
    AnyQuery = dict[str, Any]
else:
    AnyQuery = Union[
        (HogQLQuery, *(kind.model for kind in KINDS.values()), HogQLMetadata, HogQLAutocomplete, DatabaseSchemaQuery)
    ]


class QueryRequest(BaseModel):
    """A question, and how it is to be answered."""

    model_config = ConfigDict(populate_by_name=True)

    query: AnyQuery | dict[str, Any] = Field(
        description=f"In PostHog's shape; `kind` is one of {', '.join([SQL, *KINDS, *LANGUAGE_KINDS])}, or a node "
        "around one of them (`InsightVizNode`, `DataTableNode`, `DataVisualizationNode`).",
        examples=[{"kind": SQL, "query": "select event, count() from events group by event"}],
    )
    refresh: bool | Refresh | None = Field(default=None, description=_REFRESH)
    is_async: bool | None = Field(default=None, alias="async", description="True is `refresh: async`.")
    client_query_id: str | None = Field(
        default=None, pattern=QUERY_ID, description="Names the question for its status and for cancelling it."
    )
    explain: bool | None = Field(
        default=None,
        description="Whether the answer says its statements, the tables and assets they read, how fresh these are, "
        "rows and bytes read, and whether a rollup or the cache answered.",
    )
    filters_override: dict[str, Any] | None = Field(
        default=None, description="`date_from` and `date_to` in place of the question's, `properties` besides its own."
    )
    variables_override: dict[str, Any] | None = Field(
        default=None, description="SQL variables in place of the question's, by id: `{code_name, value}`."
    )
    name: str | None = Field(default=None, description="Accepted, and not looked at.")


class StatementRead(BaseModel):
    """A statement that ran for an answer."""

    sql: str
    hogql: str
    parameters: dict[str, str]
    rows: int
    bytes: int
    milliseconds: float
    tables: list[str]


class TableRead(BaseModel):
    """A table that was read, and the asset that makes it."""

    table: str
    asset: str
    data_version: int = Field(description="Numbers the last change of the project's data.")
    changed_at: str | None
    built_at: str | None = Field(default=None, description="Of a rollup: when it was built last.")
    days_waiting: int | None = Field(default=None, description="Of a rollup: days that it does not hold as they are.")


class Explained(BaseModel):
    """What an answer was read from."""

    answered_from: str = Field(description="`cache`, `rollup`, `rollup_and_events` or `events`.")
    computed_from: str = Field(description="The same of the time when it was computed.")
    rows_read: int
    bytes_read: int
    statements: list[StatementRead]
    tables: list[TableRead]


class QueryProgress(BaseModel):
    """How far ClickHouse is with a question."""

    rows_read: int
    bytes_read: int
    estimated_rows_total: int
    time_elapsed: float
    active_cpu_time: int


class QueryStatus(BaseModel):
    """A question in the background."""

    id: str
    team_id: int
    query_async: bool
    complete: bool
    error: bool
    error_message: str | None
    results: dict[str, Any] | None = Field(description="The whole answer, once there is one.")
    start_time: str
    end_time: str | None
    expiration_time: str
    query_progress: QueryProgress | None


class QueryAnswer(BaseModel):
    """An answer; which further fields it has depends on the kind of the question.

    `results` is null when nothing is kept and nobody waited; then `query_status` says who computes it.
    """

    model_config = ConfigDict(extra="allow")

    results: Any = None
    is_cached: bool
    cache_key: str | None = None
    query_status: QueryStatus | None
    hogql: str | None = None
    timezone: str | None = None
    last_refresh: str | None = Field(default=None, description="When it was computed.")
    cache_target_age: str | None = Field(default=None, description="When it is stale by its age.")
    next_allowed_client_refresh: str | None = None
    data_version: int | None = Field(default=None, description="Numbers the last change of the data it was read from.")
    error: str | None = None
    columns: list[str] | None = None
    types: list[list[str]] | None = None
    limit: int | None = None
    offset: int | None = None
    hasMore: bool | None = None  # noqa: N815  PostHog's name
    limit_applied: bool | None = Field(default=None, description="The limit was ours, and may have cut rows off.")
    explain: Explained | None = None


class QueryStatusAnswer(BaseModel):
    """What became of a question in the background."""

    query_status: QueryStatus
