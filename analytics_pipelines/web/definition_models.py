"""Bodies and query strings of the lists of events, properties and groups, as OpenAPI shows them."""

from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel

_Ordering = Literal["name", "-name", "volume", "-volume", "last_seen_at", "-last_seen_at"]
_PropertyType = Literal["String", "Numeric", "Boolean", "DateTime"]
_GROUP_TYPE = "Which of the five kinds of groups."


class EventDefinitionsQuery(BaseModel):
    """Which of the events to list."""

    search: str = Field(default="", description="Any part of a name, in any case.")
    ordering: _Ordering = "name"
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class PropertyDefinitionsQuery(EventDefinitionsQuery):
    """Which of the properties to list."""

    type: Literal["event", "person", "group"] = Field(default="event", description="Whose properties.")
    group_type_index: int | None = Field(default=None, ge=0, le=4, description=_GROUP_TYPE)


class GroupsQuery(BaseModel):
    """Which of the groups to list."""

    group_type_index: int = Field(ge=0, le=4, description=_GROUP_TYPE)
    search: str = Field(default="", description="Any part of a key or of the property `name`, in any case.")
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class GroupQuery(BaseModel):
    """Which group."""

    group_type_index: int = Field(ge=0, le=4, description=_GROUP_TYPE)
    group_key: str


class _Page(BaseModel):
    count: int = Field(description="How long the whole list is; 0 beyond its end.")
    next: str | None
    previous: str | None


class EventDefinitionBody(BaseModel):
    """A name of events. Times are of events, not of their arrival."""

    id: str
    name: str
    created_at: str = Field(description="Time of the first event.")
    last_seen_at: str = Field(description="Time of the last event.")
    volume: int = Field(description="How many events there are; exact up to some hundred, then within a few percent.")


class EventDefinitionList(_Page):
    """Names of events."""

    results: list[EventDefinitionBody]


class PropertyDefinitionBody(BaseModel):
    """A property of events, persons or groups. Times are of events, not of their arrival."""

    id: str
    name: str
    type: Literal["event", "person", "group"]
    group_type_index: int | None = Field(description="Of the property of a group: of which kind.")
    property_type: _PropertyType | None = Field(
        description="As people said, else that of most values; null when only objects, lists and nulls were seen."
    )
    is_property_type_set: bool = Field(description="Whether people said so.")
    is_numerical: bool
    created_at: str = Field(description="Time of the first event that had it.")
    last_seen_at: str = Field(description="Time of the last event that had it.")
    volume: int = Field(description="How many events had it; exact up to some hundred, then within a few percent.")


class PropertyDefinitionList(_Page):
    """Properties."""

    results: list[PropertyDefinitionBody]


class PropertyDefinitionChanges(BaseModel):
    """What to change of a property."""

    property_type: _PropertyType | None = Field(description="null goes back to what the values look like.")


class GroupTypeBody(BaseModel):
    """A kind of groups."""

    group_type: str
    group_type_index: int


class GroupTypeList(RootModel[list[GroupTypeBody]]):
    """The kinds of groups of a project."""


class GroupBody(BaseModel):
    """A group. Of each property the latest event decides, whatever arrived last."""

    group_type_index: int
    group_key: str
    group_properties: dict[str, Any]
    created_at: str = Field(description="Time of the first event that names the group.")


class GroupList(_Page):
    """Groups of a kind."""

    results: list[GroupBody]
