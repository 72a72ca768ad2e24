"""What an export is: which rows of a project, how often, in which form, to where."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from analytics_pipelines.exports.intervals import Every


class Model(StrEnum):
    """Whose rows are exported."""

    EVENTS = "events"
    PERSONS = "persons"
    SESSIONS = "sessions"
    COHORT = "cohort"
    SQL = "sql"

    @property
    def is_snapshot(self) -> bool:
        """Whether an interval holds all there is when it is written, rather than what came in it."""
        return self in (Model.PERSONS, Model.COHORT, Model.SQL)


class FileFormat(StrEnum):
    """The form of files, by PostHog's names."""

    PARQUET = "Parquet"
    JSON_LINES = "JSONLines"


Compression = Literal["zstd", "gzip"]
COMPRESSIONS: dict[FileFormat, tuple[Compression, ...]] = {
    FileFormat.PARQUET: ("zstd",),
    FileFormat.JSON_LINES: ("gzip", "zstd"),
}
DestinationType = Literal["S3", "Folder", "Postgres", "ClickHouse"]
SECRETS: dict[str, tuple[str, ...]] = {
    "S3": ("aws_access_key_id", "aws_secret_access_key"),
    "Folder": (),
    "Postgres": ("password",),
    "ClickHouse": ("password",),
}
"""The fields of each destination's configuration that no answer and no log shows."""


@dataclass(frozen=True, slots=True)
class Destination:
    """`config` holds what may be shown; `secrets` the rest, by name."""

    type: DestinationType
    config: dict[str, Any]
    secrets: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_files(self) -> bool:
        return self.type in ("S3", "Folder")

    @property
    def whole(self) -> dict[str, Any]:
        return {**self.config, **self.secrets}


@dataclass(frozen=True, slots=True)
class Export:
    """`filters` are `{include_events, exclude_events, properties}`; `columns` empty: all of the model's.

    `next_start` is the first interval that the clock has not asked for yet; None before the first.
    """

    id: UUID
    team_id: int
    name: str
    model: Model
    destination: Destination
    interval: Every
    filters: dict[str, Any]
    columns: tuple[str, ...]
    query: str
    cohort_id: int | None
    paused: bool
    start_at: datetime | None
    end_at: datetime | None
    next_start: datetime | None
    created_at: datetime
    created_by: dict[str, Any] | None
    last_updated_at: datetime
    deleted: bool

    @property
    def key(self) -> str:
        """Its partition."""
        return str(self.id)
