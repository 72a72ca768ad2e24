"""Bodies and query strings of persons, as OpenAPI shows them."""

from typing import Any, Literal

from pydantic import BaseModel, Field


class PersonsQuery(BaseModel):
    """Which of the persons to list."""

    search: str = Field(default="", description="Any part of an email address, a name or a distinct id.")
    distinct_id: str = Field(default="", description="A whole distinct id.")
    properties: str = Field(default="", description="A JSON list of property filters.")
    cohort: int | None = Field(default=None, ge=1, description="Members of this cohort.")
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class PersonDeletionQuery(BaseModel):
    """How to delete a person."""

    delete_events: Literal["true", "false"] = Field(
        default="false",
        description="`true`: with all that was received until now, from every place; in the background.",
    )


class PersonBody(BaseModel):
    """A person, as it is known by now."""

    id: str
    uuid: str
    type: str
    name: str
    distinct_ids: list[str] = Field(description="The first 100.")
    properties: dict[str, Any]
    created_at: str = Field(description="Time of the person's earliest event.")


class PersonList(BaseModel):
    """Persons, the newest first."""

    count: int = Field(description="How long the whole list is.")
    next: str | None
    previous: str | None
    results: list[PersonBody]
