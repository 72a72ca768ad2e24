"""What is wrong now, and what people know of it: one message a subject and hour, and one when it is over."""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analytics_pipelines.alarms.channels import Channel, NotTold
from analytics_pipelines.alarms.messages import Incident, Trouble, told, told_over
from analytics_pipelines.lock_classes import LockClass
from resources.postgres import Postgres

# Between two messages about the same thing.
PAUSE = timedelta(hours=1)
_MOST_SECONDS = 10.0
# Of those who tell the same people one goes on.
_LOCK_CLASS = LockClass.ALARMS.value
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Alarms:
    """Keeps incidents in Postgres and tells of them: the people of a project, or of the installation (None).

    What no channel took is told at the next `follow_up`.
    """

    postgres: Postgres
    channels: Sequence[Channel]
    team_id: int | None = None

    def happened(self, trouble: Trouble, now: datetime) -> None:
        """It went wrong, perhaps again."""
        self._note(trouble, now, once_more=True)
        self.follow_up(now)

    def lasts(self, kinds: Collection[str], troubles: Sequence[Trouble], now: datetime) -> None:
        """All that is wrong of some kinds: what is new, or went wrong more often by now, is told; others are over. What
        was not told before is told as well."""
        known = {row["subject"]: row["count"] for row in self._open() if row["subject"].split(" ", 1)[0] in kinds}
        for trouble in troubles:
            if trouble.count > known.get(trouble.subject, 0):
                self._note(trouble, now, once_more=False)
        self._end(known.keys() - {each.subject for each in troubles}, now)
        self.follow_up(now)

    def over(self, subjects: Collection[str], now: datetime) -> None:
        """These are well again."""
        if subjects:
            self._end(subjects, now)
            self.follow_up(now)

    def open(self) -> dict[str, datetime]:
        """Subjects that are not over, with when it last went wrong."""
        return {row["subject"]: row["last_at"] for row in self._open()}

    def _open(self) -> list[dict[str, Any]]:
        return self.postgres.rows(
            "SELECT subject, last_at, count FROM alarm_incidents"
            " WHERE team_id IS NOT DISTINCT FROM %s AND over_at IS NULL",
            [self.team_id],
        )

    def _end(self, subjects: Collection[str], now: datetime) -> None:
        if subjects:
            self.postgres.execute(
                "UPDATE alarm_incidents SET over_at = %s WHERE team_id IS NOT DISTINCT FROM %s AND subject = ANY(%s)"
                " AND over_at IS NULL",
                [now, self.team_id, list(subjects)],
            )

    def _note(self, trouble: Trouble, now: datetime, *, once_more: bool) -> None:
        self.postgres.execute(
            "INSERT INTO alarm_incidents AS a (team_id, subject, title, what, mend, link, count, since, last_at)"
            " VALUES (%(team)s, %(subject)s, %(title)s, %(what)s, %(mend)s, %(link)s, %(count)s, %(now)s, %(now)s)"
            " ON CONFLICT (team_id, subject) DO UPDATE SET title = EXCLUDED.title, what = EXCLUDED.what,"
            " mend = EXCLUDED.mend, link = EXCLUDED.link, last_at = EXCLUDED.last_at, over_at = NULL,"
            " count = CASE WHEN a.over_at IS NOT NULL THEN EXCLUDED.count"
            " WHEN %(once_more)s THEN a.count + 1 ELSE greatest(a.count, EXCLUDED.count) END,"
            " since = CASE WHEN a.over_at IS NULL THEN a.since ELSE EXCLUDED.since END,"
            " told_count = CASE WHEN a.over_at IS NULL THEN a.told_count ELSE 0 END",
            {**vars(trouble), "team": self.team_id, "now": now, "once_more": once_more},
        )

    def follow_up(self, now: datetime) -> int:
        """Tell what is due; how many messages were taken. What comes and goes within the hour is told of once.

        While another process tells the same people, nothing: it would be told twice, and is told the next time.
        """
        with self.postgres.transaction() as connection:
            row = connection.execute(
                "SELECT pg_try_advisory_xact_lock(%s, hashtext(%s)) AS got", [_LOCK_CLASS, str(self.team_id)]
            ).fetchone()
            return self._follow_up(now) if row and row["got"] else 0

    def _follow_up(self, now: datetime) -> int:
        rows = self.postgres.rows(
            "SELECT * FROM alarm_incidents WHERE team_id IS NOT DISTINCT FROM %s AND (over_at IS NULL"
            " AND count > told_count AND (told_at IS NULL OR told_at <= %s) OR over_at IS NOT NULL AND told_count > 0)"
            " ORDER BY since, subject",
            [self.team_id, now - PAUSE],
        )
        taken, until = 0, time.monotonic() + _MOST_SECONDS
        for row in rows:
            taken += self._follow(row, now)
            if time.monotonic() >= until:  # a receiver that says nothing keeps nobody for long; the rest waits
                break
        self.postgres.execute(
            "DELETE FROM alarm_incidents WHERE team_id IS NOT DISTINCT FROM %s AND over_at IS NOT NULL"
            " AND told_count = 0 AND (told_at IS NULL OR told_at <= %s)",
            [self.team_id, now - PAUSE],
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
                "UPDATE alarm_incidents SET told_count = 0 WHERE team_id IS NOT DISTINCT FROM %s AND subject = %s"
                " AND over_at IS NOT NULL",
                [self.team_id, trouble.subject],
            )
        else:
            self.postgres.execute(
                "UPDATE alarm_incidents SET told_at = %s, told_count = %s WHERE team_id IS NOT DISTINCT FROM %s"
                " AND subject = %s",
                [now, incident.count, self.team_id, trouble.subject],
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
