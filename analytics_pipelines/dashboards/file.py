"""Dashboards as a file: YAML that people keep beside their code, or JSON. Pure."""

from __future__ import annotations

import json
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from analytics_pipelines.dashboards.short_id import SHORT_ID
from analytics_pipelines.problems import Problem

ShortId = Annotated[str, Field(pattern=rf"^{SHORT_ID.pattern}$")]


class Entry(BaseModel):
    """Names that we don't know are slips of the pen."""

    model_config = ConfigDict(extra="forbid", strict=True)


class InsightEntry(Entry):
    """`id` is the short id, by which the insight is known again wherever the file is applied."""

    id: ShortId
    name: str = Field(default="", max_length=400)
    description: str = Field(default="", max_length=10_000)
    tags: list[str] = Field(default_factory=list)
    query: dict[str, Any]


class TileEntry(Entry):
    """An insight, or a text in Markdown; `layouts` as the API has them."""

    insight: InsightEntry | None = None
    text: str | None = None
    layouts: dict[str, Any] = Field(default_factory=dict)
    color: str | None = None

    @model_validator(mode="after")
    def _one_of_two(self) -> TileEntry:
        if (self.insight is None) == (self.text is None):
            raise ValueError("a tile has an insight or a text")
        return self


class DashboardEntry(Entry):
    """`id` is the short id; `filters` have `date_from`, `date_to` and `properties`."""

    id: ShortId
    name: str = Field(default="", max_length=400)
    description: str = Field(default="", max_length=10_000)
    pinned: bool = False
    tags: list[str] = Field(default_factory=list)
    filters: dict[str, Any] = Field(default_factory=dict)
    tiles: list[TileEntry] = Field(default_factory=list)


class BoardFile(Entry):
    """`insights` are those that are on none of the dashboards."""

    dashboards: list[DashboardEntry] = Field(default_factory=list)
    insights: list[InsightEntry] = Field(default_factory=list)

    def all_insights(self) -> dict[str, InsightEntry]:
        """By where they stand in the file."""
        on_dashboards = {
            f"dashboards.{d}.tiles.{t}.insight": tile.insight
            for d, board in enumerate(self.dashboards)
            for t, tile in enumerate(board.tiles)
            if tile.insight
        }
        return on_dashboards | {f"insights.{i}": insight for i, insight in enumerate(self.insights)}

    @model_validator(mode="after")
    def _each_once(self) -> BoardFile:
        boards = [board.id for board in self.dashboards]
        if len(set(boards)) < len(boards):
            raise ValueError("two dashboards have the same id")
        seen: dict[str, InsightEntry] = {}
        for insight in self.all_insights().values():
            if seen.setdefault(insight.id, insight) != insight:
                raise ValueError(f"two insights have the id {insight.id}, and differ")
        return self


def read_file(text: str) -> BoardFile:
    """Raises Problem, which says where in the file it is wrong."""
    try:
        return BoardFile.model_validate(yaml.load(text, _Loader) or {})  # noqa: S506  a SafeLoader
    except yaml.YAMLError as error:
        raise Problem(f"This is no YAML: {error}") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Problem(f"{where + ': ' if where else ''}{first['msg']}.", "docs/dashboards.md shows a file.") from None
    except RecursionError:
        raise Problem("The file is nested too deep.") from None


def write_file(board_file: BoardFile, *, as_json: bool = False) -> str:
    """The file's text; defaults are left out."""
    shown = board_file.model_dump(exclude_defaults=True)
    if as_json:
        return json.dumps(shown, ensure_ascii=False, indent=2) + "\n"
    return yaml.dump(shown, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)


class _Loader(yaml.SafeLoader):
    """Leaves dates as they are written: a question's dates are texts."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Dumper(yaml.SafeDumper):
    """Texts of several lines as blocks, and nothing by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)
