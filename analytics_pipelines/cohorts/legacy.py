"""Criteria as old clients send them (`groups`) → as they are kept (`filters`). Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from analytics_pipelines.sql.errors import QueryError

_DAYS = 365
"""How far back a group without `days` looks."""


def filters_of_groups(groups: Sequence[Any]) -> dict[str, Any]:
    """Any of the groups: each has filters on persons (`properties`), or something that they did. QueryError."""
    return {"properties": {"type": "OR", "values": [_group(each) for each in groups]}}


def _group(group: Any) -> dict[str, Any]:
    if not isinstance(group, Mapping):
        raise QueryError("groups: each must be an object")
    if group.get("properties"):
        properties = group["properties"]
        if isinstance(properties, Mapping) and "values" in properties:
            return dict(properties)
        if not isinstance(properties, list) or not all(isinstance(each, Mapping) for each in properties):
            raise QueryError("groups: properties must be a list of filters")
        return {"type": "AND", "values": [{"type": "person", **each} for each in properties]}
    key, event_type = group.get("action_id"), "actions"
    if key is None:
        key, event_type = group.get("event_id"), "events"
    if key is None:
        raise QueryError("groups: each needs properties, an action_id or an event_id")
    did = {
        "type": "behavioral",
        "key": key,
        "event_type": event_type,
        "time_value": group.get("days") or _DAYS,
        "time_interval": "day",
    }
    if group.get("count") is None:
        return {"type": "AND", "values": [{**did, "value": "performed_event"}]}
    often = {"operator": group.get("count_operator") or "gte", "operator_value": group["count"]}
    return {"type": "AND", "values": [{**did, "value": "performed_event_multiple", **often}]}
