"""What is wrong now, and what people know of it: one message a subject and hour, and one when it is over."""

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analytics_pipelines.alarms.channels import Channel, NotTold
from analytics_pipelines.alarms.messages import Incident, Trouble, told, told_over
from resources.postgres import Postgres

# Between two messages about the same thing.
PAUSE = timedelta(hours=1)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alarms:
    """Keeps incidents in Postgres and tells of them. What no channel took is told at the next `follow_up`."""

    postgres: Postgres
    channels: Sequence[Channel]

    def happened(self, trouble: Trouble, now: datetime) -> None:
        """It went wrong, perhaps again."""
        self.postgres.execute(
            "INSERT INTO alarm_incidents (subject, title, what, mend, link, count, since, last_at)"
            " VALUES (%(subject)s, %(title)s, %(what)s, %(mend)s, %(link)s, 1, %(now)s, %(now)s)"
            " ON CONFLICT (subject) DO UPDATE SET title = EXCLUDED.title, what = EXCLUDED.what, mend = EXCLUDED.mend,"
            " link = EXCLUDED.link, last_at = EXCLUDED.last_at,"
            " count = CASE WHEN alarm_incidents.over_at IS NULL THEN alarm_incidents.count + 1 ELSE 1 END,"
            " since = CASE WHEN alarm_incidents.over_at IS NULL THEN alarm_incidents.since ELSE EXCLUDED.since END,"
            " told_count = CASE WHEN alarm_incidents.over_at IS NULL THEN alarm_incidents.told_count ELSE 0 END,"
            " over_at = NULL",
            {**vars(trouble), "now": now},
        )
        self.follow_up(now)

    def lasts(self, kind: str, troubles: Sequence[Trouble], now: datetime) -> None:
        """All that is wrong of a kind (the first word of the subjects): new ones are told, others are over."""
        wrong = {each.subject for each in troubles}
        known = {subject for subject in self.open() if subject.startswith(f"{kind} ")}
        for trouble in troubles:
            if trouble.subject not in known:
                self.happened(trouble, now)
        self.over(known - wrong, now)

    def over(self, subjects: Collection[str], now: datetime) -> None:
        """These are well again."""
        if subjects:
            self.postgres.execute(
                "UPDATE alarm_incidents SET over_at = %s WHERE subject = ANY(%s) AND over_at IS NULL",
                [now, list(subjects)],
            )
            self.follow_up(now)

    def open(self) -> dict[str, datetime]:
        """Subjects that are not over, with when it last went wrong."""
        rows = self.postgres.rows("SELECT subject, last_at FROM alarm_incidents WHERE over_at IS NULL")
        return {row["subject"]: row["last_at"] for row in rows}

    def follow_up(self, now: datetime) -> int:
        """Tell what is due; how many messages were taken. What comes and goes within the hour is told of once."""
        rows = self.postgres.rows(
            "SELECT * FROM alarm_incidents WHERE over_at IS NULL AND count > told_count"
            " AND (told_at IS NULL OR told_at <= %s) OR over_at IS NOT NULL AND told_count > 0 ORDER BY since, subject",
            [now - PAUSE],
        )
        taken = sum(self._follow(row, now) for row in rows)
        self.postgres.execute(
            "DELETE FROM alarm_incidents WHERE over_at IS NOT NULL AND told_count = 0"
            " AND (told_at IS NULL OR told_at <= %s)",
            [now - PAUSE],
        )
        return taken

    def _follow(self, row: dict[str, Any], now: datetime) -> bool:
        """Whether a channel took the message about one of them."""
        trouble = Trouble(row["subject"], row["title"], row["what"], row["mend"], row["link"])
        incident, over_at = Incident(trouble, row["count"], row["since"]), row["over_at"]
        text = told_over(incident, over_at) if over_at else told(incident)
        facts = {**vars(trouble), "count": incident.count, "since": incident.since.isoformat(), "over": bool(over_at)}
        if not self._tell(text, facts):
            return False
        if over_at:
            self.postgres.execute(
                "UPDATE alarm_incidents SET told_count = 0 WHERE subject = %s AND over_at IS NOT NULL",
                [trouble.subject],
            )
        else:
            self.postgres.execute(
                "UPDATE alarm_incidents SET told_at = %s, told_count = %s WHERE subject = %s",
                [now, incident.count, trouble.subject],
            )
        return True

    def _tell(self, text: str, facts: dict[str, Any]) -> bool:
        """Whether any channel took it."""
        taken = False
        for channel in self.channels:
            try:
                channel.tell(text, facts)
                taken = True
            except NotTold as error:
                _log.warning("an alarm could not be told by %s: %s", channel.name, error)
        return taken
