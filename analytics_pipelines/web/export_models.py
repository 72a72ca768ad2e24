"""Bodies of batch exports, as OpenAPI shows them; the first ones are also checked."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from analytics_pipelines.exports.intervals import Every
from analytics_pipelines.exports.model import DestinationType, Model

_Name = Annotated[str, Field(min_length=1, max_length=400)]
_Column = Annotated[str, Field(min_length=1, max_length=200)]


class DestinationBody(BaseModel):
    """Where to. Secrets in `config` are taken and never shown; left out of a change, they stay."""

    model_config = ConfigDict(extra="ignore")

    type: DestinationType
    config: dict[str, Any] = Field(
        default_factory=dict,
        description="`S3`: bucket_name, region, endpoint_url, aws_access_key_id, aws_secret_access_key; "
        "`Postgres`: host, port, database, user, password, schema, table_name, require_ssl; "
        "`ClickHouse`: host, port, native_port, secure, database, user, password, table_name; "
        "files (`S3`, `Folder`): prefix, file_format, compression, max_file_size_mb; "
        "events: include_events, exclude_events.",
    )


class ExportChanges(BaseModel):
    """What to change of an export; fields that are left out stay."""

    model_config = ConfigDict(extra="ignore")

    name: _Name = "-"
    destination: DestinationBody | None = None
    interval: Every = Every.HOUR
    paused: bool = False
    start_at: datetime | None = Field(default=None, description="From then on; default: from now on.")
    end_at: datetime | None = None
    filters: list[dict[str, Any]] | None = Field(
        default=None, max_length=100, description="Property filters, as in insights."
    )
    columns: list[_Column] = Field(default_factory=list, max_length=100, description="None: all of the model's.")
    hogql_query: str | None = Field(
        default=None,
        max_length=64_000,
        description="Of the model `sql`; {interval_start} and {interval_end} stand for the interval's bounds.",
    )
    cohort_id: int | None = Field(default=None, ge=1, le=2**62, description="Of the model `cohort`.")


class NewExport(ExportChanges):
    """An export to save."""

    name: _Name
    model: Model = Model.EVENTS
    destination: DestinationBody
    interval: Every


class NewBackfill(BaseModel):
    """A span of arrival time to export again."""

    model_config = ConfigDict(extra="ignore")

    start_at: datetime
    end_at: datetime | None = Field(default=None, description="Default: now.")


class PageQuery(BaseModel):
    """Which part of a list."""

    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class RunBody(BaseModel):
    """An interval of an export: how it went."""

    id: str
    status: Literal["Starting", "Running", "Completed", "FailedRetryable", "Failed", "Cancelled"]
    data_interval_start: str
    data_interval_end: str
    records_completed: int | None
    bytes_exported: int | None
    files: int | None
    attempts: int
    latest_error: str | None
    why: str = Field(description="`schedule`, `backfill`, `changed` (late events), `asked` or `erasure`.")
    backfill: str | None
    created_at: str
    started_at: str | None
    finished_at: str | None
    next_attempt_at: str | None
    batch_export: str


class RunList(BaseModel):
    """Intervals, the newest first."""

    count: int
    next: str | None
    previous: str | None
    results: list[RunBody]


class ShownDestination(BaseModel):
    """A destination without its secrets."""

    type: DestinationType
    config: dict[str, Any]


class ExportBody(BaseModel):
    """A batch export."""

    id: str
    team_id: int
    name: str
    model: Model
    destination: ShownDestination
    interval: Every
    paused: bool
    start_at: str | None
    end_at: str | None
    filters: list[dict[str, Any]]
    columns: list[str]
    hogql_query: str | None
    cohort_id: int | None
    created_at: str
    created_by: dict[str, Any] | None
    last_updated_at: str
    latest_runs: list[RunBody]


class ExportList(BaseModel):
    """Exports, the newest first."""

    count: int
    next: str | None
    previous: str | None
    results: list[ExportBody]


class BackfillBody(BaseModel):
    """A backfill and how far it is. `progress` from 0 to 1."""

    id: str
    status: Literal["Starting", "Running", "Completed", "Failed", "Cancelled"]
    start_at: str
    end_at: str
    created_at: str
    total_runs: int
    finished_runs: int
    failed_runs: int
    progress: float


class BackfillList(BaseModel):
    """Backfills, the newest first."""

    count: int
    next: str | None
    previous: str | None
    results: list[BackfillBody]


class TestBody(BaseModel):
    """Whether something could be written at the destination, and removed again."""

    status: Literal["Passed", "Failed"]
    message: str | None
