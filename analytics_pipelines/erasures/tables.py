"""An erasure in the tables of both stores: what is meant goes, and what was made of it is made of the rest.

All while loading is stopped. Broken off anywhere, the whole is repeated: what is to go is written down before anything
does.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from analytics_pipelines.erasures import derived
from analytics_pipelines.erasures.component import companions, persons_of, still_named
from analytics_pipelines.erasures.ledger import settle_batches
from analytics_pipelines.erasures.lines import LineFilter
from analytics_pipelines.erasures.rows import count_rows, erase_rows
from analytics_pipelines.erasures.store_rows import count_stored, erase_stored
from analytics_pipelines.erasures.victims import Victims
from analytics_pipelines.faults import hit
from analytics_pipelines.identity.person_id import person_id
from analytics_pipelines.persons.lock import next_version
from analytics_pipelines.persons.publish import publish
from analytics_pipelines.persons.rebuild import note_to_rebuild, rebuild_noted
from analytics_pipelines.rollups.watermark import last_touch, touch_days
from resources.clickhouse import ClickHouse
from resources.postgres import Postgres

# What became of lines; the rest follows from it.
_OF_LINES = frozenset({"events", "dead_letters", "dropped_events", "ingestion_warnings"})


@dataclass
class Tables:
    """Erases from the tables; `lines` tells dead letters, `progress` hears of tables done and all.

    `touch` is the first number of the touches of days that the erasure changed: whoever builds a day and has read up
    to there has read nothing that went.
    """

    victims: Victims
    postgres: Postgres
    lines: LineFilter
    progress: Callable[[int, int], None] = lambda *_: None
    touch: int = 0

    @property
    def _clickhouse(self) -> ClickHouse:
        return self.victims.clickhouse

    def choose(self) -> None:
        """Write down what is meant, as far as it is stored by now. Raises Problem."""
        victims = self.victims
        victims.make()
        subject = victims.erasure.subject
        if subject is not None and subject.kind == "person":
            victims.add_ids(subject.distinct_ids)
        victims.add_events(self.postgres)
        hit("erasures.after_events_chosen")
        if victims.erasure.kind != "project":
            victims.add_letters(self.lines)
            derived.note_groups(victims)
            derived.note_names(victims)
        victims.add_batches()
        hit("erasures.after_chosen")

    def found(self) -> Mapping[str, int]:
        """How many rows are meant, by place."""
        return {**count_rows(self.victims), **count_stored(self.postgres, self.victims)}

    def erase(self, count: Callable[[Mapping[str, int]], None], now: datetime) -> None:
        """Take it out. `count` is told what was found. The caller has stopped loading."""
        publish(self.postgres, self._clickhouse, now)
        self.choose()  # once more: what came between
        if self.victims.erasure.kind == "project":
            count(self.found())
            erase_rows(self.victims, self.progress)
            hit("erasures.after_rows")
            settle_batches(self.victims, self.postgres)
            return
        others = self._part_ids()
        count(self.found())
        note_to_rebuild(self.postgres, [(self.victims.erasure.team_id, each) for each in others])
        erase_rows(self.victims, self.progress, only=_OF_LINES)
        hit("erasures.after_rows_of_lines")
        with self.postgres.transaction() as connection:
            version = next_version(connection)
        rebuild_noted(self.postgres, self._clickhouse, now)
        self.victims.add_others(persons_of(self.postgres, self.victims.erasure.team_id, others), version)
        hit("erasures.after_others")
        erase_stored(self.postgres, self.victims)
        hit("erasures.after_stored")
        derived.keep_names(self.victims)
        erase_rows(self.victims, self.progress)
        hit("erasures.after_rows")
        derived.record_groups_again(self.victims)
        self._make_returned(now)
        hit("erasures.after_returned")
        settle_batches(self.victims, self.postgres)
        self.touch = last_touch(self.postgres) + 1
        touch_days(self.postgres, self.victims.days(), now)
        hit("erasures.after_days")

    def _part_ids(self) -> list[str]:
        """Write down which ids go with all that is known of them, and their persons; returns the ids to make anew."""
        victims, team = self.victims, self.victims.erasure.team_id
        if victims.erasure.kind != "person":
            candidates = victims.ids_without_events()
            gone = set(candidates) - still_named(self.postgres, team, candidates, victims.uuids())
            victims.add_ids(gone)
        ids = set(victims.ids())
        beside = companions(self.postgres, team, ids)
        shared = persons_of(self.postgres, team, beside)
        own: set[UUID] = {person_id(team, each) for each in ids}
        victims.add_persons((own | persons_of(self.postgres, team, ids)) - shared)
        return sorted((set(victims.ids_of_events()) | beside) - ids)

    def _make_returned(self, now: datetime) -> None:
        """Ids of which events came later have a person again, of these alone."""
        team, returned = self.victims.erasure.team_id, self.victims.returned_ids()
        if returned:
            note_to_rebuild(self.postgres, [(team, each) for each in returned])
            rebuild_noted(self.postgres, self._clickhouse, now)
