"""The tables that people may read, described: for a tree beside the editor, and for completion."""

from __future__ import annotations

from typing import Any

from analytics_pipelines.sql.schema import EVENTS, SCHEMA, Table
from analytics_pipelines.sql.types import Kind
from analytics_pipelines.sql.virtual import VIRTUAL

TYPES = {
    Kind.STRING: "string",
    Kind.NUMBER: "float",
    Kind.BOOL: "boolean",
    Kind.INSTANT: "datetime",
    Kind.DATE: "date",
    Kind.UUID: "uuid",
    Kind.JSON: "json",
    Kind.ARRAY: "array",
    Kind.OTHER: "unknown",
}


def database_schema() -> dict[str, Any]:
    """The answer to a DatabaseSchemaQuery."""
    return {"tables": {name: _described(table) for name, table in SCHEMA.items()}, "joins": []}


def _described(table: Table) -> dict[str, Any]:
    fields = {column.name: _field(column.name, TYPES[column.kind]) for column in table.columns if not column.hidden}
    for lazy in table.lazy:
        inner = [column.name for column in SCHEMA[lazy.table].columns if not column.hidden]
        fields[lazy.name] = {**_field(lazy.name, "lazy_table"), "table": lazy.table, "fields": inner}
    if table is EVENTS:
        fields |= {name: _field(name, TYPES[kind]) for name, kind in VIRTUAL.items()}
        fields["poe"] = {**_field("poe", "virtual_table"), "table": "events", "fields": ["properties"]}
    return {"id": table.name, "name": table.name, "type": "posthog", "fields": fields}


def _field(name: str, type_: str) -> dict[str, Any]:
    value = name if name.replace("_", "a").replace("$", "a").isalnum() else f"`{name}`"
    return {"name": name, "hogql_value": value, "type": type_, "schema_valid": True}
