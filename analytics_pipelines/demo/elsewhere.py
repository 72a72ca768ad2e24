"""Lines of demo projects in objects that the demo did not write: they were sent by somebody else, or an erasure or
compaction put them there. They are taken out of these, and other projects' lines stay."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import hour_prefix, is_raw_key
from analytics_pipelines.events.line import envelope_of
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.ingest.moved import lines_of, packed
from analytics_pipelines.ingest.replacements import Replacements


@dataclass(frozen=True)
class Elsewhere:
    """Objects with lines of these projects. Whoever takes them out is `alone` by these replacements."""

    replacements: Replacements
    ledger: Ledger
    teams: frozenset[int]

    def find(self, hours: Iterable[datetime], but: Collection[str]) -> list[str]:
        """The keys of those that arrived in these hours and are loaded, `but` these. Raises StoreUnavailable."""
        found: list[str] = []
        for hour in hours:
            listed = [item.key for item in self.replacements.store.objects(hour_prefix(hour)) if is_raw_key(item.key)]
            loaded = self.ledger.claimed_keys(listed, only_loaded=True).difference(but)
            found += [key for key in listed if key in loaded and self._holds_some(key)]
        return found

    def take_out(self, key: str) -> None:
        """Leave the other lines of an object, or nothing. Raises StoreUnavailable."""
        lines = lines_of(self.replacements.store.get(key))
        kept = [line for line in lines if envelope_of(line)[0] not in self.teams]
        self.replacements.replace([key], packed(kept) if kept else None, why="demo --clear")

    def _holds_some(self, key: str) -> bool:
        try:
            lines = lines_of(self.replacements.store.get(key))
        except zstd.ZstdError:
            return False  # it is a dead letter, and stays what it is
        return any(envelope_of(line)[0] in self.teams for line in lines)
