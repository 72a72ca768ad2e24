"""Bodies and query strings of dashboards, as OpenAPI shows them; the first four are also checked."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from analytics_pipelines.web.insight_models import Description, InsightBody, Name, PersonBody, RefreshQuery, Tags

MOST_TILES = 200


class FiltersBody(BaseModel):
    """Filters that hold for every tile: the dates replace the insight's, the properties are ANDed with its own."""

    model_config = ConfigDict(extra="ignore", strict=True)

    date_from: str | None = Field(default=None, max_length=40, description="As an insight's `dateRange`.")
    date_to: str | None = Field(default=None, max_length=40)
    properties: list[dict[str, Any]] | None = Field(default=None, max_length=100)


class TextBody(BaseModel):
    """A text, in Markdown."""

    model_config = ConfigDict(extra="ignore", strict=True)

    body: str = Field(max_length=20_000)


class TileChanges(BaseModel):
    """What to change of a tile; fields that are left out stay. Without an `id`, a new one with a text."""

    model_config = ConfigDict(extra="ignore", strict=True)

    id: int | None = Field(default=None, ge=1, lt=2**63)
    layouts: dict[str, Any] | None = None
    color: str | None = Field(default=None, max_length=40, description="Empty: none.")
    text: TextBody | None = None
    deleted: bool = Field(default=False, description="Takes the tile off the dashboard.")


class DashboardChanges(BaseModel):
    """What to change of a dashboard; fields that are left out stay, tiles that are not named too."""

    model_config = ConfigDict(extra="ignore", strict=True)

    name: Name = ""
    description: Description = ""
    pinned: bool = False
    filters: FiltersBody = Field(default_factory=FiltersBody)
    tags: Tags = Field(default_factory=list)
    tiles: Annotated[list[TileChanges], Field(max_length=MOST_TILES)] = Field(default_factory=list)
    deleted: bool = False


class DashboardsQuery(BaseModel):
    """Which of the dashboards to list."""

    search: str = Field(default="", description="Any part of a name, description or tag, in any case.")
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0)


class DashboardQuery(RefreshQuery):
    """How to show a dashboard."""

    filters_override: str = Field(default="", description="A JSON object: these filters instead of the stored ones.")


class TextOfTileBody(BaseModel):
    """The text of a tile."""

    body: str


class TileBody(BaseModel):
    """A tile: an insight as this dashboard asks it, or a text."""

    id: int
    order: int = Field(description="Its place among the tiles.")
    layouts: dict[str, Any] = Field(description="Where it stands on the grid, by width of the screen.")
    color: str | None
    insight: InsightBody | None
    text: TextOfTileBody | None
    is_cached: bool
    last_refresh: str | None


class DashboardBasicBody(BaseModel):
    """A dashboard without its tiles."""

    id: int
    short_id: str
    name: str
    description: str
    pinned: bool
    filters: FiltersBody
    tags: list[str]
    deleted: bool
    created_at: str
    created_by: PersonBody | None
    last_modified_at: str
    last_viewed_at: str | None


class DashboardBody(DashboardBasicBody):
    """A dashboard."""

    tiles: list[TileBody]
    last_refresh: str | None = Field(description="When the oldest of its results was computed.")


class DashboardListBody(BaseModel):
    """Dashboards, the pinned ones first."""

    count: int = Field(description="How long the whole list is.")
    next: str | None
    previous: str | None
    results: list[DashboardBasicBody]
