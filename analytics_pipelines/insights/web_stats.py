"""WebStatsTableQuery: the visitors and views of a site by page, source, device or place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field

from analytics_pipelines.insights.columns import MOST_SKIPPED, expression
from analytics_pipelines.insights.dates import DateRange
from analytics_pipelines.insights.plan import Rows
from analytics_pipelines.insights.team import Context
from analytics_pipelines.insights.web_sessions import BOUNCED, WebQuery, visits
from analytics_pipelines.sql import nodes
from analytics_pipelines.sql.compiler import Compiled, compile_query
from analytics_pipelines.sql.errors import QueryError
from analytics_pipelines.sql.scope import Scope

_DEFAULT_LIMIT, _MOST = 10, 1000

_PATH = "if(event = '$screen', properties.$screen_name, coalesce(properties.$pathname, path(properties.$current_url)))"
_URL_PATH = "path(properties.$current_url)"


def _first(value: str) -> str:
    """Of the earliest event of the visit that says it."""
    return f"argMinIf({value}, tuple(timestamp, uuid), {value} != '')"


def _last(value: str) -> str:
    return f"argMaxIf({value}, tuple(timestamp, uuid), {value} != '')"


# What is said of a whole visit, as SQL over its events.
_OF_VISIT: Mapping[str, str] = {
    "InitialPage": _first(_URL_PATH),
    "ExitPage": _last(_URL_PATH),
    "InitialChannelType": "any(session.$channel_type)",
    "InitialReferringDomain": _first("properties.$referring_domain"),
    "InitialUTMSource": _first("properties.utm_source"),
    "InitialUTMMedium": _first("properties.utm_medium"),
    "InitialUTMCampaign": _first("properties.utm_campaign"),
    "InitialUTMTerm": _first("properties.utm_term"),
    "InitialUTMContent": _first("properties.utm_content"),
    "ExitClick": _last("properties.$external_click_url"),
    "Browser": _first("properties.$browser"),
    "OS": _first("properties.$os"),
    "DeviceType": _first("properties.$device_type"),
    "Country": _first("properties.$geoip_country_code"),
    "Region": _first("properties.$geoip_subdivision_1_code"),
    "City": _first("properties.$geoip_city_name"),
    "Timezone": _first("properties.$timezone"),
    "Language": _first("properties.$browser_language"),
    "Viewport": _first("concat(toString(properties.$viewport_width), 'x', toString(properties.$viewport_height))"),
}
# What differs from view to view of a visit.
_OF_VIEW: Mapping[str, str] = {"Page": _PATH, "ScreenName": "properties.$screen_name"}
_ORDERS = ("visitors", "views", "bounce_rate", "total_conversions", "unique_conversions", "conversion_rate")

Breakdown = Literal[
    "Page", "ScreenName", "InitialPage", "ExitPage", "ExitClick", "InitialChannelType", "InitialReferringDomain",
    "InitialUTMSource", "InitialUTMMedium", "InitialUTMCampaign", "InitialUTMTerm", "InitialUTMContent", "Browser",
    "OS", "DeviceType", "Country", "Region", "City", "Timezone", "Language", "Viewport",
]  # fmt: skip


class WebStatsTableQuery(WebQuery):
    """One row a value, the most visitors first; null where nothing was said.

    A visit counts for one value, but for `Page` and `ScreenName`, where it counts for each that it saw, and views are
    those of that page. Bounces of a page are those of visits that began on it.
    """

    kind: Literal["WebStatsTableQuery"] = "WebStatsTableQuery"
    breakdown: Breakdown = Field(alias="breakdownBy")
    with_bounces: bool | None = Field(default=None, alias="includeBounceRate")
    order_by: list[str] | None = Field(default=None, alias="orderBy")
    limit: int | None = Field(default=None, ge=1)
    offset: int | None = Field(default=None, ge=0, le=MOST_SKIPPED)
    harmless = WebQuery.harmless - {"orderBy"}


@dataclass(frozen=True, slots=True)
class Plan:
    """A statement for the range, and one for that before, of the same values. A row is (value, metrics …)."""

    statements: tuple[Compiled, ...]
    metrics: tuple[str, ...]
    before: nodes.Select | None
    scope: Scope
    limit: int
    offset: int
    dates: DateRange

    def more(self, results: Sequence[Rows]) -> Sequence[Compiled]:
        """The same values in the range before."""
        if self.before is None or len(results) > 1 or not results[0]:
            return ()
        value = nodes.Name(("value",))
        values = [row[0] for row in results[0][: self.limit]]
        known = nodes.In(
            value, tuple(nodes.Constant(each) for each in values if each is not None) or (nodes.Constant(""),)
        )
        named = nodes.Logic("OR", (known, nodes.Call("isNull", (value,)))) if None in values else known
        query = nodes.Select(
            tuple(nodes.Item(nodes.Name((name,)), name) for name in ("value", *self.metrics)),
            nodes.Derived(self.before, "before"),
            where=named,
        )
        return [compile_query(query, self.scope)]

    def answer(self, results: Sequence[Rows]) -> dict[str, Any]:
        """Each metric is a pair: now, and in the range before (null without a comparison, 0 for nothing)."""
        before = {row[0]: row[1:] for row in results[1]} if len(results) > 1 else {}
        nothing = [None if self.before is None or name.endswith("rate") else 0 for name in self.metrics]
        rows = [[row[0], *map(_pair, row[1:], before.get(row[0], nothing))] for row in results[0][: self.limit]]
        return {
            "results": rows,
            "columns": [f"context.columns.{name}" for name in ("breakdown_value", *self.metrics)],
            "limit": self.limit,
            "offset": self.offset,
            "hasMore": len(results[0]) > self.limit,
            "resolved_date_range": self.dates.resolved(),
        }


def plan(query: WebStatsTableQuery, context: Context) -> Plan:
    """QueryError for dates, filters, goals and orders that can't be read."""
    metrics = _metrics(query)
    ranges = query.ranges(context)
    limit, offset = min(query.limit or _DEFAULT_LIMIT, _MOST), query.offset or 0
    asked, *before = (_select(query, dates, metrics, context) for dates in ranges)
    ordered = replace(asked, order=_order(query, metrics), limit=limit + 1, offset=offset or None)
    compiled = compile_query(ordered, context.scope())
    return Plan((compiled,), tuple(metrics), before[0] if before else None, context.scope(), limit, offset, ranges[0])


def _metrics(query: WebStatsTableQuery) -> dict[str, str]:
    """SQL over visits, or over visits and their views."""
    by_view = query.breakdown in _OF_VIEW
    if query.conversion_goal is not None:
        converted = "uniqExactIf(person, conversions > 0)"
        return {
            "visitors": "uniqExact(person)",
            "total_conversions": "sumIf(conversions, nth = 1)" if by_view else "sum(conversions)",
            "unique_conversions": converted,
            "conversion_rate": f"{converted} / nullIf(uniqExact(person), 0)",
        }
    views = "count()" if by_view else "sum(views)"
    metrics = {"visitors": "uniqExact(person)", "views": views}
    if query.with_bounces:
        metrics["bounce_rate"] = f"avgIf({BOUNCED}, number = 1)" if by_view else f"avg({BOUNCED})"
    return metrics


def _select(query: WebStatsTableQuery, dates: DateRange, metrics: Mapping[str, str], context: Context) -> nodes.Select:
    value = nodes.Name(("value",))
    if query.breakdown in _OF_VISIT:
        said = expression(_OF_VISIT[query.breakdown])
        source = visits(query, dates, context, nodes.Item(said, "said", "said"))
        joins: tuple[nodes.ArrayJoin, ...] = ()
        shown: nodes.Expr = nodes.Call("nullIf", (nodes.Name(("said",)), nodes.Constant("")))
    else:
        source = visits(query, dates, context, *_seen(query, dates, context))
        joins = (
            nodes.ArrayJoin(
                (
                    nodes.Item(nodes.Name(("seen",)), "view", "view"),
                    nodes.Item(nodes.Call("arrayEnumerate", (nodes.Name(("seen",)),)), "number", "number"),
                    nodes.Item(nodes.Call("arrayEnumerateUniq", (nodes.Name(("seen",)),)), "nth", "nth"),
                )
            ),
        )
        shown = nodes.Call("nullIf", (nodes.Name(("view",)), nodes.Constant("")))
    items = [nodes.Item(shown, "value", "value")]
    items += [nodes.Item(expression(sql), name, name) for name, sql in metrics.items()]
    return nodes.Select(tuple(items), source, joins, group=(value,))


def _seen(query: WebStatsTableQuery, dates: DateRange, context: Context) -> tuple[nodes.Item, ...]:
    """The views of a visit in the order of time."""
    inside = nodes.Between(nodes.Name(("timestamp",)), nodes.Constant(dates.start), nodes.Constant(dates.end))
    view = expression(f"tuple(timestamp, uuid, ifNull({_OF_VIEW[query.breakdown]}, ''))")
    counted = nodes.Logic("AND", (inside, query.views(context)))
    views = nodes.Call("arraySort", (nodes.Call("groupArrayIf", (view, counted)),))
    third = nodes.Call("tupleElement", (nodes.Name(("one",)), nodes.Constant(3)))
    return (nodes.Item(nodes.Call("arrayMap", (nodes.Lambda(("one",), third), views)), "seen", "seen"),)


def _order(query: WebStatsTableQuery, metrics: Mapping[str, str]) -> tuple[nodes.Order, ...]:
    """As asked, by a metric; then by visitors, and by value, so that pages fit together."""
    asked: list[nodes.Order] = []
    if query.order_by:
        name = query.order_by[0].lower().replace(" ", "_")
        name = {
            "bouncerate": "bounce_rate",
            "conversionrate": "conversion_rate",
            "totalconversions": "total_conversions",
            "uniqueconversions": "unique_conversions",
        }.get(name, name)
        if name not in metrics:
            raise QueryError(f"rows can be ordered by {', '.join(metrics)}")
        asked = [nodes.Order(nodes.Name((name,)), descending=query.order_by[1:] != ["ASC"], nulls="LAST")]
    most = list(metrics)[0:2]
    return (
        *asked,
        *(nodes.Order(nodes.Name((name,)), descending=True) for name in most),
        nodes.Order(nodes.Name(("value",))),
    )


def _pair(now: Any, before: Any) -> list[Any]:
    return [_number(now), _number(before)]


def _number(value: Any) -> Any:
    return None if value is None or value != value else value
