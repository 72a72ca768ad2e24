"""A point of an insight, as clients name it when they ask who is behind it."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from analytics_pipelines.insights.model import Model


class Point(Model):
    """The fields of PostHog's `InsightActorsQuery`, `FunnelsActorsQuery` and `StickinessActorsQuery`.

    `source` is the question. `day` is one of the answer's `days`; `interval` a number of intervals (retention's row,
    stickiness' days); `series` counts from 0; `funnel_step` from 1, negative for those who left before it.
    """

    kind: str = "InsightActorsQuery"
    source: dict[str, Any]
    day: str | int | float | None = None
    interval: int | None = None
    series: int = 0
    breakdown: Any = None
    compare: Literal["current", "previous"] | None = None
    status: Literal["new", "returning", "resurrecting", "dormant"] | None = None
    operator: Literal["exact", "gte", "lte"] | None = None
    funnel_step: int | None = Field(default=None, alias="funnelStep")
    funnel_step_breakdown: Any = Field(default=None, alias="funnelStepBreakdown")
    funnel_custom_steps: list[int] | None = Field(default=None, alias="funnelCustomSteps")
    funnel_trends_drop_off: bool | None = Field(default=None, alias="funnelTrendsDropOff")
    funnel_trends_entrance: str | None = Field(default=None, alias="funnelTrendsEntrancePeriodStart")
    path_start_key: str | None = Field(default=None, alias="pathStartKey")
    path_end_key: str | None = Field(default=None, alias="pathEndKey")
    path_dropoff_key: str | None = Field(default=None, alias="pathDropoffKey")
    harmless = frozenset({"includeRecordings", "response", "modifiers", "tags", "version", "kind"})
