"""What events are made by, as one word: it changes when the transformation does."""

import hashlib
import inspect
from functools import cache

from analytics_pipelines.events import line
from analytics_pipelines.ingest import lines
from analytics_pipelines.ingest.statements import statement

# What decides which lines are events, what these say, and which of several with one uuid counts.
_STATEMENTS = ("stage", "superseded", "choose", "publish_events", "publish_dropped_events")
_RULES = (line, lines)

# What differs from batch to batch.
_NAMES = (
    "stored",
    "numbers",
    "batch_id",
    "arrival_day",
    "arrival_ms",
    "first_number",
    "events",
    "dropped_events",
    "counting",
)


@cache
def code_version() -> str:
    """A hash of the SQL, as it is sent, and of the rules in Python that make events of raw lines.

    Where it is another one than that of a day's last materialization, replaying the day may change it.
    """
    texts = [statement(name, "staging", **dict.fromkeys(_NAMES, "")) for name in _STATEMENTS]
    texts += [inspect.getsource(module) for module in _RULES]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:16]
