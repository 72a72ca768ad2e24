"""Bodies and query strings of cohorts, as OpenAPI shows them; the first four are also checked."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

_Name = Annotated[str, Field(min_length=1, max_length=400)]
MOST_PERSONS = 100_000


class CohortChanges(BaseModel):
    """What to change of a cohort; fields that are left out stay. A form (`multipart`) may carry a file `csv`."""

    model_config = ConfigDict(extra="ignore")

    name: _Name = "-"
    description: Annotated[str, Field(max_length=10_000)] | None = None
    filters: dict[str, Any] | None = Field(
        default=None, description="`{properties: {type: AND | OR, values: […]}}`, in PostHog's leaves."
    )
    groups: list[dict[str, Any]] | None = Field(default=None, max_length=100, description="Criteria of old clients.")
    deleted: bool = False


class NewCohort(CohortChanges):
    """A cohort to save. A static one has a list of members instead of criteria."""

    name: _Name
    is_static: bool = False
    query: dict[str, Any] | None = Field(
        default=None, description="Of a static one: whose members are the actors of this `ActorsQuery`, as of now."
    )
    create_static_person_ids: list[UUID] = Field(
        default_factory=list, alias="_create_static_person_ids", max_length=MOST_PERSONS
    )


class PersonsToAdd(BaseModel):
    """Persons for a static cohort."""

    person_ids: list[UUID] = Field(max_length=MOST_PERSONS)


class PersonToRemove(BaseModel):
    """A person of a static cohort."""

    person_id: UUID


class CohortsQuery(BaseModel):
    """Which of the cohorts to list."""

    search: str = Field(default="", description="Any part of a name, in any case.")
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class CohortPersonsQuery(BaseModel):
    """Which of a cohort's members to list."""

    search: str = Field(default="", description="Any part of an email address, a name or a distinct id.")
    distinct_id: str = ""
    properties: str = Field(default="", description="A JSON list of property filters.")
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class CohortBody(BaseModel):
    """A cohort. Members are found in the background: `count` and `last_calculation` are of the last time."""

    id: int
    name: str
    description: str
    is_static: bool
    filters: dict[str, Any]
    groups: list[dict[str, Any]] = Field(description="Always empty: criteria of old clients are kept as `filters`.")
    is_calculating: bool = Field(description="Other members are being found; those of before are there until then.")
    count: int | None = Field(description="How many members there are; null before they were found.")
    last_calculation: str | None
    errors_calculating: int = Field(description="How many attempts failed since members were last found.")
    last_error_message: str | None
    last_error_at: str | None
    version: int | None = Field(description="Of the criteria that the members follow.")
    pending_version: int
    deleted: bool
    created_at: str
    created_by: dict[str, Any] | None


class CohortList(BaseModel):
    """Cohorts, the newest first."""

    count: int = Field(description="How long the whole list is.")
    next: str | None
    previous: str | None
    results: list[CohortBody]
