"""Bodies and query strings of erasures, as OpenAPI shows them; the first two are also checked."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

_Text = Annotated[str, Field(min_length=1, max_length=400)]


class ErasureFilter(BaseModel):
    """Events that match all of this."""

    model_config = ConfigDict(extra="forbid")

    events: list[_Text] = Field(default_factory=list, max_length=100, description="Names; none: of any name.")
    date_from: AwareDatetime | None = Field(default=None, description="Events from this moment on.")
    date_to: AwareDatetime | None = Field(default=None, description="Events before this moment.")
    properties: list[dict[str, Any]] = Field(
        default_factory=list, max_length=100, description="Property filters, as in insights."
    )


class NewErasure(BaseModel):
    """What to erase: of a person, group or events what was received until now; of a project everything."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["person", "group", "events", "project"]
    distinct_id: _Text | None = Field(default=None, description="One of the person's; either this or `person_id`.")
    person_id: UUID | None = None
    group_type_index: int | None = Field(default=None, ge=0, le=4)
    group_key: _Text | None = None
    filter: ErasureFilter | None = None


class ErasuresQuery(BaseModel):
    """Which of the erasures to list."""

    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class ErasureProgress(BaseModel):
    """What is being done: `done` of `total`, which is 0 where it is not known."""

    step: str
    done: int
    total: int


class PlaceReport(BaseModel):
    """One place: how many rows (or lines, or objects) were found there, and how many are left."""

    place: str
    found: int
    left: int


class ErasureReport(BaseModel):
    """The proof: every place that was asked again when all was done."""

    places: list[PlaceReport]
    objects_scanned: int
    objects_unreadable: int
    milliseconds: int
    compacted: bool = Field(description="Whether the bytes of the rows that went are gone from Postgres' files.")
    written_anew: bool | None = Field(
        default=None, description="False: large tables were left to the server, which overwrites free space in time."
    )


class ErasureBody(BaseModel):
    """An erasure. It never says whom it was about."""

    id: int
    project_id: int
    kind: Literal["person", "group", "events", "project"]
    state: Literal["requested", "pending", "erasing", "verifying", "verified", "failed"]
    requested_at: datetime = Field(description="What was received until then is erased; what came later stays.")
    requested_by: str
    progress: ErasureProgress
    attempts: int
    error: str | None = Field(description="Why the last attempt ended.")
    started_at: datetime | None
    finished_at: datetime | None
    report: ErasureReport | None


class ErasureList(BaseModel):
    """Erasures, the newest first."""

    count: int
    next: str | None
    previous: str | None
    results: list[ErasureBody]
