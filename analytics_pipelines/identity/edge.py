"""An edge of the merge log: one event that says that two distinct ids are the same person."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

MergeEvent = Literal["$identify", "$create_alias", "$merge_dangerously"]


@dataclass(frozen=True, slots=True)
class Edge:
    """`other` is merged into `target`. The timestamp is the event's own, with a time zone."""

    uuid: UUID
    timestamp: datetime
    event: MergeEvent
    target: str  # the event's distinct_id
    other: str  # $anon_distinct_id of an $identify, alias of the two others
