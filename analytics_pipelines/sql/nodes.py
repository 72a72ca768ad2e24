"""Our own tree of a query: what can't be built from these classes can't be asked.

`convert` makes the tree from parsed text, or an insight builds it by hand; both use `Name`, `Subscript`, `Star`,
`TableName`, `InCohort` and `Placeholder`. `resolve` replaces those by `Column`, `AliasName`, `Variable`, `Property`,
`Typed`, `PhysicalTable` and `CteName`; the printer knows only the latter.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from analytics_pipelines.sql.schema import Table
from analytics_pipelines.sql.types import Kind

Span = tuple[int, int] | None
Scalars = tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | tuple[UUID, ...]
Value = str | int | float | bool | datetime | date | UUID | Scalars | None
Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Constant:
    """A value. It never becomes SQL text, only a parameter."""

    value: Value


@dataclass(frozen=True, slots=True)
class Name:
    """An unresolved dotted name: `event`, `e.event`, `properties.a.b`.

    `raw`: a property stays the text that it is, whatever type the catalog gives it.
    """

    parts: Path
    span: Span = None
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Subscript:
    """`base[key]`: an array element, or a step into a JSON object."""

    base: Expr
    key: Expr
    span: Span = None


@dataclass(frozen=True, slots=True)
class Star:
    """`*` or `alias.*` in a select list."""

    table: str | None = None
    span: Span = None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a source of this select; `zoned` columns are shown in the project's zone. The keys in `apart` can be
    read from columns of their own; `catalog` says of what the values of an object are properties. `loose`: text out
    of an object, read as what it meets. `shown` is how people write it, where that is not its name."""

    table: str
    name: str
    kind: Kind
    nullable: bool
    zoned: bool = False
    apart: frozenset[str] = frozenset()
    catalog: str = ""
    loose: bool = False
    shown: Path = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class AliasName:
    """The name that the select list gave to an expression."""

    name: str
    kind: Kind
    nullable: bool
    catalog: str = ""
    loose: bool = False


@dataclass(frozen=True, slots=True)
class Variable:
    """An argument of a lambda."""

    name: str


@dataclass(frozen=True, slots=True)
class Property:
    """A value inside a JSON object, as text; NULL where it is missing or JSON's null."""

    base: Expr
    path: Path


@dataclass(frozen=True, slots=True)
class Typed:
    """The text of a property as the catalog's type of it: NUMBER, BOOL or INSTANT; NULL where it is none."""

    operand: Expr
    kind: Kind


@dataclass(frozen=True, slots=True)
class Placeholder:
    """`{filters}`, `{variables.x}`: what stands in the scope under this path."""

    path: tuple[str, ...]
    span: Span = None


@dataclass(frozen=True, slots=True)
class InCohort:
    """Whether a person is a member of a cohort, which is an id or a name."""

    left: Expr
    cohort: int | str
    negated: bool = False
    span: Span = None


@dataclass(frozen=True, slots=True)
class Over:
    """The window of a window function; `frame` holds ready words such as `ROWS BETWEEN …`."""

    partition: tuple[Expr, ...] = ()
    order: tuple[Order, ...] = ()
    frame: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """`name(params)(args) OVER (…)`; `params` is None for functions that are not parametric."""

    name: str
    args: tuple[Expr, ...] = ()
    params: tuple[Expr, ...] | None = None
    over: Over | None = None
    span: Span = None


@dataclass(frozen=True, slots=True)
class Compare:
    """`=`, `!=`, `<`, `<=`, `>`, `>=`, `[NOT] [I]LIKE`; never NULL."""

    operator: str
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True)
class Between:
    value: Expr
    low: Expr
    high: Expr


@dataclass(frozen=True, slots=True)
class In:
    """`left [NOT] IN (…)`: a list of expressions, or a query."""

    left: Expr
    right: tuple[Expr, ...] | Query
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Logic:
    """`AND` or `OR` of two or more."""

    operator: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Not:
    operand: Expr


@dataclass(frozen=True, slots=True)
class Case:
    operand: Expr | None
    branches: tuple[tuple[Expr, Expr], ...]
    default: Expr | None


@dataclass(frozen=True, slots=True)
class Cast:
    """`type` is one that `types.cast_type` made."""

    operand: Expr
    type: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Lambda:
    arguments: tuple[str, ...]
    body: Expr


@dataclass(frozen=True, slots=True)
class Scalar:
    """A query that gives one value."""

    query: Query


Expr = (
    Constant
    | Name
    | Subscript
    | Star
    | Column
    | AliasName
    | Variable
    | Property
    | Typed
    | Placeholder
    | InCohort
    | Call
    | Compare
    | Between
    | In
    | Logic
    | Not
    | Case
    | Cast
    | Lambda
    | Scalar
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a select list; `name` is the column's name in the answer."""

    expr: Expr
    name: str
    alias: str | None = None
    span: Span = None


@dataclass(frozen=True, slots=True)
class Order:
    expr: Expr
    descending: bool = False
    nulls: str | None = None
    span: Span = None


@dataclass(frozen=True, slots=True)
class LimitBy:
    count: int
    by: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class TableName:
    """An unresolved table or CTE in FROM. `catalog`: of what the values of its object are properties, if not of what
    the schema says."""

    name: str
    alias: str | None = None
    span: Span = None
    catalog: str = ""


@dataclass(frozen=True, slots=True)
class LazyJoin:
    """What the questions asks of a table that stands beside: `query` has the columns `_to`, and `columns` under the
    names that they have in the outer table."""

    name: str
    key: str
    query: Query
    columns: tuple[str, ...]
    many: bool = False


@dataclass(frozen=True, slots=True)
class PhysicalTable:
    """Printed only with the team's guard inside, with what is joined to it around."""

    table: Table
    alias: str
    joins: tuple[LazyJoin, ...] = ()


@dataclass(frozen=True, slots=True)
class CteName:
    """`printed` is ours and can't be the name of a physical table."""

    printed: str
    alias: str
    name: str


@dataclass(frozen=True, slots=True)
class Derived:
    query: Query
    alias: str | None


Source = TableName | PhysicalTable | CteName | Derived


@dataclass(frozen=True, slots=True)
class Join:
    kind: str
    source: Source
    on: Expr | None = None
    using: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ArrayJoin:
    """`[LEFT] ARRAY JOIN`: a row for each element of the arrays, which have the items' aliases."""

    items: tuple[Item, ...]
    left: bool = False


@dataclass(frozen=True, slots=True)
class Cte:
    name: str
    query: Query
    printed: str = ""
    span: Span = None


@dataclass(frozen=True, slots=True)
class Select:
    items: tuple[Item, ...]
    source: Source | None = None
    joins: tuple[Join | ArrayJoin, ...] = ()
    where: Expr | None = None
    group: tuple[Expr, ...] = ()
    having: Expr | None = None
    order: tuple[Order, ...] = ()
    limit_by: LimitBy | None = None
    limit: int | None = None
    offset: int | None = None
    distinct: bool = False
    ctes: tuple[Cte, ...] = ()
    ties: bool = False
    named: tuple[Item, ...] = ()  # expressions that WITH gives names to


@dataclass(frozen=True, slots=True)
class Union:
    """Two queries one after the other (or the rows of both, or of the first alone, as `operator` says); `order`,
    `limit` and `offset` bind to both together."""

    left: Query
    right: Query
    distinct: bool = False
    order: tuple[Order, ...] = ()
    limit: int | None = None
    offset: int | None = None
    ctes: tuple[Cte, ...] = ()
    operator: str = "UNION"


Query = Select | Union
