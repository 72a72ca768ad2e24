"""Raw objects made by hand, as capture leaves them, and transformations that are changed for a test."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.ingest import statements
from resources.object_store import ObjectStore

RECEIVED = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def line(name: str = "page", *, received: datetime = RECEIVED, project: int = 1, **more: Any) -> dict[str, Any]:
    """A line; what is not the envelope's is a field of the event; `set` is its `$set`."""
    envelope: dict[str, Any] = {
        each: more.pop(each) for each in ("uuid", "refused", "dropped", "name", "count") if each in more
    }
    said_of_person = {f"${each}": more.pop(each) for each in ("set", "set_once") if each in more}
    event = {"event": name, "distinct_id": "ada", "properties": {}, **more, **said_of_person}
    milliseconds = int(received.timestamp() * 1000)
    return {"received_at": milliseconds, "project": project, "uuid": str(uuid4()), "event": event, **envelope}


def put(store: ObjectStore, *lines: dict[str, Any] | str, received: datetime = RECEIVED) -> str:
    """An object of these lines, which was received then; its key."""
    text = "".join((each if isinstance(each, str) else json.dumps(each)) + "\n" for each in lines)
    payload = zstd.compress(text.encode())
    key = raw_key(received, "node", payload)
    store.put(key, payload)
    return key


def change_stage(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> Callable[[], None]:
    """Change the SQL that makes events of lines; returns what changes it back."""
    real = statements._file

    def changed(name: str) -> str:
        text = real(name)
        if name != "stage":
            return text
        assert old in text
        return text.replace(old, new)

    monkeypatch.setattr(statements, "_file", changed)
    return lambda: monkeypatch.setattr(statements, "_file", real)


EVENT_NAME = "if(drop_rule != '', leftUTF8(name, 200), event_name)"
"""The name of an event, where it is selected."""

LAST_RULE = "id = '', 'missing_distinct_id',"
"""Behind it stands that no rule is broken."""
