"""What a question must know of the rollups to answer from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class RollupState:
    """Which days (UTC) of a project each rollup does not hold as they are now, by the rollup's name. The table is exact
    for all others. A rollup that is not named can't be used."""

    stale: Mapping[str, frozenset[date]] = field(default_factory=dict)
