"""Who is in a cohort, decided person by person and event by event, from the definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

UNITS = {"hour": 3600, "day": 86400, "week": 604800, "month": 2592000, "year": 31536000}


@dataclass(frozen=True)
class Happened:
    """An event of a person. `number` tells apart what happened in the same moment."""

    name: str
    at: datetime
    number: int
    properties: Mapping[str, Any]


@dataclass
class World:
    """A project. `events` and `properties` are by person; `cohorts` are definitions by id, None for deleted ones;
    `lists` are the members of static ones; `actions` are lists of (event, value of the property `kind` or None)."""

    now: datetime
    zone: ZoneInfo
    properties: dict[int, dict[str, Any]]
    events: dict[int, list[Happened]]
    cohorts: dict[int, Any] = field(default_factory=dict)
    lists: dict[int, set[int]] = field(default_factory=dict)
    actions: dict[int, list[tuple[str, str | None]]] = field(default_factory=dict)

    def members(self, tree: Any) -> set[int]:
        return {person for person in self.properties if self.holds(tree, person)}

    def holds(self, node: Any, person: int) -> bool:
        if "values" in node:
            found = [self.holds(each, person) for each in node["values"]]
            return all(found) if node["type"] == "AND" else any(found)
        if node["type"] == "person":
            found = self._property(node, person)
        elif node["type"] == "cohort":
            found = self._in_cohort(node["value"], person)
        else:
            found = getattr(self, f"_{node['value']}")(node, person)
        return found != node.get("negation", False)

    def _property(self, node: Any, person: int) -> bool:
        value = self.properties[person].get(node["key"])
        match node["operator"]:
            case "exact":
                return value in node["value"]
            case "is_not":
                return value not in node["value"]
            case "is_set":
                return value is not None
            case "icontains":
                return value is not None and node["value"].lower() in value.lower()
        raise AssertionError(node)

    def _in_cohort(self, cohort: int, person: int) -> bool:
        if cohort in self.lists:
            return person in self.lists[cohort]
        return self.cohorts[cohort] is not None and self.holds(self.cohorts[cohort], person)

    def _matching(self, key: Any, kind: str, filters: list[Any], person: int) -> Iterator[Happened]:
        steps = [(key, None)] if kind == "events" else self.actions[int(key)]
        for event in self.events[person]:
            named = any(event.name == name and value in (None, event.properties["kind"]) for name, value in steps)
            if named and all(event.properties[each["key"]] in each["value"] for each in filters):
                yield event

    def _times(self, node: Any, person: int) -> list[datetime]:
        found = self._matching(node["key"], node["event_type"], node.get("event_filters", []), person)
        return [event.at for event in found]

    def ago(self, count: int, unit: str) -> datetime:
        if unit == "hour":  # the zones of the tests are full hours from UTC
            return self.now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=count)
        day = self.now.astimezone(self.zone).date()
        if unit in ("month", "year"):
            months = day.year * 12 + day.month - 1 - count * (12 if unit == "year" else 1)
            first = day.replace(year=months // 12, month=months % 12 + 1, day=1)
            last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
            day = first.replace(day=min(day.day, last.day))
        else:
            day -= timedelta(days=count * (7 if unit == "week" else 1))
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    def window(self, node: Any) -> tuple[datetime, datetime]:
        """The first moment, and the first after it."""
        end = self.now.astimezone(self.zone).date() + timedelta(days=1)
        if "explicit_datetime" not in node:
            start = self.ago(node["time_value"], node["time_interval"])
        else:
            start = datetime.combine(datetime.fromisoformat(node["explicit_datetime"]).date(), time(), self.zone)
            if "explicit_datetime_to" in node:
                end = datetime.fromisoformat(node["explicit_datetime_to"]).date() + timedelta(days=1)
        return start, datetime.combine(end, time(), self.zone)

    def _performed_event(self, node: Any, person: int) -> bool:
        start, end = self.window(node)
        return any(start <= at < end for at in self._times(node, person))

    def _performed_event_multiple(self, node: Any, person: int) -> bool:
        start, end = self.window(node)
        count = sum(start <= at < end for at in self._times(node, person))
        return count > 0 and _compared(count, node["operator"], node["operator_value"])

    def _performed_event_first_time(self, node: Any, person: int) -> bool:
        start, end = self.window(node)
        times = self._times(node, person)
        return bool(times) and start <= min(times) < end

    def _performed_event_sequence(self, node: Any, person: int) -> bool:
        start, end = self.window(node)
        limit = timedelta(seconds=node["seq_time_value"] * UNITS[node["seq_time_interval"]])
        first = list(self._matching(node["key"], node["event_type"], node.get("event_filters", []), person))
        second = list(self._matching(node["seq_event"], node["seq_event_type"], [], person))
        return any(
            timedelta(0) <= b.at - a.at <= limit and a.number != b.number
            for a in first
            if start <= a.at < end
            for b in second
            if start <= b.at < end
        )

    def _stopped_performing_event(self, node: Any, person: int) -> bool:
        start, end = self.window(node)
        recent = self.ago(node["seq_time_value"], node["seq_time_interval"])
        times = self._times(node, person)
        return any(start <= at < recent for at in times) and not any(recent <= at < end for at in times)

    def _restarted_performing_event(self, node: Any, person: int) -> bool:
        start, end = self.window(node)
        recent = self.ago(node["seq_time_value"], node["seq_time_interval"])
        times = self._times(node, person)
        return (
            any(recent <= at < end for at in times)
            and not any(start <= at < recent for at in times)
            and any(at < start for at in times)
        )

    def _performed_event_regularly(self, node: Any, person: int) -> bool:
        times, good = self._times(node, person), 0
        for place in range(node["total_periods"]):
            start = self.ago(node["time_value"] * (place + 1), node["time_interval"])
            end = self.ago(node["time_value"] * place, node["time_interval"])
            count = sum(start <= at < end for at in times)
            good += count > 0 and _compared(count, node["operator"], node["operator_value"])
        return good >= node["min_periods"]


def _compared(count: int, operator: str, value: int) -> bool:
    return {
        "gte": count >= value,
        "lte": count <= value,
        "gt": count > value,
        "lt": count < value,
        "eq": count == value,
    }[operator]
