"""The questions that are timed, each in three forms: as the product is asked, as PostHog's classic SQL says it, and
the least that must be read for it.

The classic form takes persons from a join by distinct id and properties out of their JSON; the least form reads the
columns that the question needs, of the events that it is about, and does nothing with them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

_PERSONS = (
    "INNER JOIN (SELECT distinct_id, argMax(person_id, version) AS person_id FROM person_distinct_ids"
    " WHERE team_id = 1 GROUP BY distinct_id) AS pdi ON e.distinct_id = pdi.distinct_id"
)
_RANGE = "team_id = 1 AND timestamp >= {since:DateTime} AND timestamp <= {until:DateTime}"
_OF_FUNNEL = "event IN ('signed up', 'added to cart', 'order completed')"


@dataclass(frozen=True)
class Asked:
    """`goal_ms` for 30 days of ten million events; `classic` and `least` take `{since}` and `{until}`.

    `from_rollup`: it may be answered from what is summed up; else it is answered from events.
    """

    query: Mapping[str, Any]
    classic: str
    least: str
    goal_ms: float | None
    from_rollup: bool = False


def _least(columns: str, where: str = "event = '$pageview'") -> str:
    return f"SELECT count() FROM events WHERE {_RANGE} AND {where} AND NOT ignore({columns})"


def _series(event: str | None, **more: Any) -> dict[str, Any]:
    return {"kind": "EventsNode", "event": event, **more}


_STEPS = [_series("signed up"), _series("added to cart"), _series("order completed")]
_PAGES = {"id": "$pageview", "type": "events", "kind": "EventsNode", "name": "$pageview"}

QUESTIONS: dict[str, Asked] = {
    "events by day": Asked(
        {"kind": "TrendsQuery", "series": [_series("$pageview")]},
        f"SELECT toStartOfDay(timestamp) AS day, count() FROM events AS e WHERE {_RANGE} AND event = '$pageview'"
        " GROUP BY day ORDER BY day",
        _least("event, timestamp"),
        None,
    ),
    "people by day": Asked(
        {"kind": "TrendsQuery", "series": [_series("$pageview", math="dau")]},
        f"SELECT toStartOfDay(timestamp) AS day, count(DISTINCT pdi.person_id) FROM events AS e {_PERSONS}"
        f" WHERE {_RANGE} AND event = '$pageview' GROUP BY day ORDER BY day",
        _least("event, timestamp, person_id"),
        150,
    ),
    "by a hot property": Asked(
        {
            "kind": "TrendsQuery",
            "series": [_series("$pageview")],
            "breakdownFilter": {"breakdown": "$browser", "breakdown_type": "event"},
        },
        "SELECT toStartOfDay(timestamp) AS day, JSONExtractString(properties, '$browser') AS value, count()"
        f" FROM events AS e WHERE {_RANGE} AND event = '$pageview' GROUP BY day, value ORDER BY day, value",
        _least("event, timestamp, `$browser`"),
        400,
    ),
    "by any property": Asked(
        {
            "kind": "TrendsQuery",
            "series": [_series("$pageview")],
            "breakdownFilter": {"breakdown": "experiment", "breakdown_type": "event"},
        },
        "SELECT toStartOfDay(timestamp) AS day, JSONExtractString(properties, 'experiment') AS value, count()"
        f" FROM events AS e WHERE {_RANGE} AND event = '$pageview' GROUP BY day, value ORDER BY day, value",
        _least("event, timestamp, properties"),
        1500,
    ),
    "funnel of three steps": Asked(
        {"kind": "FunnelsQuery", "series": _STEPS},
        "SELECT reached, count() FROM (SELECT pdi.person_id AS person, windowFunnel(1209600)(toDateTime(timestamp),"
        " event = 'signed up', event = 'added to cart', event = 'order completed') AS reached"
        f" FROM events AS e {_PERSONS} WHERE {_RANGE} AND {_OF_FUNNEL} GROUP BY person) GROUP BY reached",
        _least("event, timestamp, person_id", _OF_FUNNEL),
        600,
    ),
    "retention": Asked(
        {
            "kind": "RetentionQuery",
            "retentionFilter": {
                "retentionType": "retention_recurring",
                "totalIntervals": 31,
                "period": "Day",
                "targetEntity": _PAGES,
                "returningEntity": _PAGES,
            },
        },
        "SELECT target.day AS began, dateDiff('day', target.day, back.day) AS after, count(DISTINCT target.person)"
        f" FROM (SELECT DISTINCT toStartOfDay(timestamp) AS day, pdi.person_id AS person FROM events AS e {_PERSONS}"
        f" WHERE {_RANGE} AND event = '$pageview') AS target"
        " INNER JOIN (SELECT DISTINCT toStartOfDay(timestamp) AS day,"
        f" pdi.person_id AS person FROM events AS e {_PERSONS} WHERE {_RANGE} AND event = '$pageview') AS back"
        " ON target.person = back.person WHERE back.day >= target.day GROUP BY began, after ORDER BY began, after",
        _least("event, timestamp, person_id"),
        1000,
    ),
    "lifecycle": Asked(
        {"kind": "LifecycleQuery", "series": [_series("$pageview")]},
        "SELECT day, status, count() FROM (SELECT pdi.person_id AS person, arraySort(groupUniqArray(toDate(timestamp)))"
        " AS days, arrayJoin(days) AS day, multiIf(day = days[1], 'new', has(days, day - 1), 'returning',"
        f" 'resurrecting') AS status FROM events AS e {_PERSONS} WHERE {_RANGE} AND event = '$pageview'"
        " GROUP BY person) GROUP BY day, status",
        _least("event, timestamp, person_id"),
        1000,
    ),
    "stickiness": Asked(
        {"kind": "StickinessQuery", "series": [_series("$pageview")]},
        "SELECT days, count() FROM (SELECT pdi.person_id AS person, uniqExact(toDate(timestamp)) AS days"
        f" FROM events AS e {_PERSONS} WHERE {_RANGE} AND event = '$pageview' GROUP BY person) GROUP BY days",
        _least("event, timestamp, person_id"),
        1000,
    ),
    "paths": Asked(
        {"kind": "PathsQuery", "pathsFilter": {"includeEventTypes": ["$pageview"]}},
        "SELECT source, target, count() FROM (SELECT pdi.person_id AS person, arraySort(groupArray((timestamp,"
        " JSONExtractString(properties, '$current_url')))) AS walk, arrayZip(arrayPopBack(walk), arrayPopFront(walk))"
        " AS steps, arrayJoin(arraySlice(steps, 1, 4)) AS step, step.1.2 AS source, step.2.2 AS target"
        f" FROM events AS e {_PERSONS} WHERE {_RANGE} AND event = '$pageview' GROUP BY person)"
        " GROUP BY source, target ORDER BY count() DESC LIMIT 50",
        _least("event, timestamp, person_id, `$current_url`"),
        2500,
    ),
}
for _name in ("events by day", "people by day"):
    QUESTIONS[f"{_name}, from the rollup"] = replace(QUESTIONS[_name], goal_ms=30, from_rollup=True)
