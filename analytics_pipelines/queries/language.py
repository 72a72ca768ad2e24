"""Questions about questions: whether SQL is right, what may be written next, which tables there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal

from pydantic import Field

from analytics_pipelines.insights.model import ON_EVERY_QUERY, Model
from analytics_pipelines.insights.parsing import parse_as
from analytics_pipelines.insights.sql_query import HogQLQuery, SqlFilters, SqlVariable, scope_of
from analytics_pipelines.insights.team import Context, Team
from analytics_pipelines.sql.autocomplete import Vocabulary, complete
from analytics_pipelines.sql.database import database_schema
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.metadata import Language, metadata
from analytics_pipelines.sql.scope import MAX_LIMIT, Scope
from resources.clickhouse import ClickHouse

# Names beyond these are not suggested, nor told from slips.
_MOST_NAMES = 5000
_MOST_CHARACTERS = 1_000_000


class _AboutSql(Model):
    """What is said of a text in one of the two languages. `sourceQuery` is what an expression is over."""

    language: Language = "hogQL"
    query: str = Field(max_length=_MOST_CHARACTERS)
    source: dict[str, Any] | None = Field(default=None, alias="sourceQuery")
    filters: SqlFilters | None = None
    variables: dict[str, SqlVariable] | None = None
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY | {"globals", "debug"}

    def scope(self, context: Context) -> Scope:
        asked = HogQLQuery(query=self.query, filters=self.filters, variables=self.variables)
        return scope_of(asked, context, MAX_LIMIT)

    @property
    def source_text(self) -> str | None:
        """QueryError for a source that is no SQL."""
        text = self.source.get("query") if self.source else None
        if self.source and not isinstance(text, str):
            raise QueryError("the sourceQuery must be a HogQLQuery")
        return text


class HogQLMetadata(_AboutSql):
    kind: Literal["HogQLMetadata"] = "HogQLMetadata"


class HogQLAutocomplete(_AboutSql):
    kind: Literal["HogQLAutocomplete"] = "HogQLAutocomplete"
    start: int | None = Field(default=None, alias="startPosition", ge=0)
    end: int = Field(alias="endPosition", ge=0)


class DatabaseSchemaQuery(Model):
    kind: Literal["DatabaseSchemaQuery"] = "DatabaseSchemaQuery"
    harmless: ClassVar[frozenset[str]] = ON_EVERY_QUERY


def language_answer(asked: Mapping[str, Any], team: Team, now: datetime, reader: ClickHouse) -> dict[str, Any]:
    """In PostHog's shape. QueryError for what can't be read; wrong SQL is no error, but what the answer tells."""
    return LANGUAGE_KINDS[asked["kind"]](asked, Context(team, now), reader)


def _metadata(asked: Mapping[str, Any], context: Context, reader: ClickHouse) -> dict[str, Any]:
    query: HogQLMetadata = parse_as(HogQLMetadata, asked)
    known = vocabulary(context.team.id, reader).properties
    scope = query.scope(context)
    return metadata(query.query, scope, language=query.language, source=query.source_text, known=known).answer()


def _autocomplete(asked: Mapping[str, Any], context: Context, reader: ClickHouse) -> dict[str, Any]:
    query: HogQLAutocomplete = parse_as(HogQLAutocomplete, asked)
    words = vocabulary(context.team.id, reader)
    return complete(query.query, query.end, query.scope(context), words, query.language).answer()


def _schema(asked: Mapping[str, Any], context: Context, reader: ClickHouse) -> dict[str, Any]:
    parse_as(DatabaseSchemaQuery, asked)
    return database_schema()


LANGUAGE_KINDS: Mapping[str, Callable[[Mapping[str, Any], Context, ClickHouse], dict[str, Any]]] = {
    "HogQLMetadata": _metadata,
    "HogQLAutocomplete": _autocomplete,
    "DatabaseSchemaQuery": _schema,
}


def vocabulary(team_id: int, reader: ClickHouse) -> Vocabulary:
    """The project's names of properties and events, those used most first."""
    parameters = {"team": team_id, "most": _MOST_NAMES}
    properties: dict[str, list[str]] = defaultdict(list)
    for kind, index, name in reader.query(
        "SELECT kind, group_type_index, name FROM property_catalog"
        " WHERE team_id = {team:Int64} AND NOT is_other ORDER BY volume DESC, name LIMIT {most:UInt32}",
        parameters,
    ).rows:
        properties[f"group_{index}" if kind == "group" else kind].append(name)
    events = reader.query(
        "SELECT name FROM event_catalog"
        " WHERE team_id = {team:Int64} AND NOT is_other ORDER BY volume DESC, name LIMIT {most:UInt32}",
        parameters,
    ).rows
    return Vocabulary(properties, [name for (name,) in events])
