"""The kinds of values that the printer must tell apart, and the closed list of cast targets."""

from __future__ import annotations

from enum import StrEnum

from sqlglot import exp

from analytics_pipelines.sql.errors import QueryError


class Kind(StrEnum):
    """As little typing as null-safe comparison, zones and JSON need; `OTHER` is always safe."""

    STRING = "string"
    NUMBER = "number"
    BOOL = "bool"
    INSTANT = "instant"
    DATE = "date"
    UUID = "uuid"
    JSON = "json"
    ARRAY = "array"
    OTHER = "other"


_T = exp.DType
_SCALARS = {
    _T.TEXT: "String",
    _T.VARCHAR: "String",
    _T.BOOLEAN: "Bool",
    _T.UUID: "UUID",
    _T.DATE: "Date",
    _T.DATE32: "Date32",
    _T.DATETIME: "DateTime",
    _T.TIMESTAMP: "DateTime",
    _T.DATETIME64: "DateTime64",
    _T.TINYINT: "Int8",
    _T.SMALLINT: "Int16",
    _T.INT: "Int32",
    _T.BIGINT: "Int64",
    _T.INT128: "Int128",
    _T.INT256: "Int256",
    _T.UTINYINT: "UInt8",
    _T.USMALLINT: "UInt16",
    _T.UINT: "UInt32",
    _T.UBIGINT: "UInt64",
    _T.UINT128: "UInt128",
    _T.UINT256: "UInt256",
    _T.FLOAT: "Float32",
    _T.DOUBLE: "Float64",
}
_KINDS = {
    "String": Kind.STRING,
    "Bool": Kind.BOOL,
    "UUID": Kind.UUID,
    "Date": Kind.DATE,
    "Date32": Kind.DATE,
    "DateTime": Kind.INSTANT,
    "DateTime64": Kind.INSTANT,
}

WORDS = frozenset(_SCALARS.values()) | {"Array", "Nullable"}
"""Every word that may stand in a printed type."""


def cast_type(data_type: exp.Expr) -> tuple[str, Kind]:
    """`Nullable(Float64)` → ("Nullable(Float64)", number). QueryError for any other type.

    Types that need a zone come without one: the printer reads them in the project's.
    """
    if not isinstance(data_type, exp.DataType) or data_type.args.get("values"):
        raise QueryError("not supported: this type in a cast")
    kind = data_type.this
    if kind == _T.ARRAY and len(data_type.expressions) == 1:
        inner, _ = cast_type(data_type.expressions[0])
        return f"Array({inner})", Kind.ARRAY
    name = _SCALARS.get(kind)
    if name is None or data_type.expressions:
        raise QueryError(f"not supported: a cast to {data_type.sql('clickhouse')}")
    printed = f"Nullable({name})" if data_type.args.get("nullable") else name
    return printed, _KINDS.get(name, Kind.NUMBER)
