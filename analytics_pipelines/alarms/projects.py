"""Alarms of projects: each tells its own people what goes wrong in it, and that events are loaded late."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from analytics_pipelines.accounts.project_changes import WrongChange
from analytics_pipelines.alarms.channels import Channel, channels_of
from analytics_pipelines.alarms.incidents import Alarms
from analytics_pipelines.alarms.messages import Trouble
from analytics_pipelines.alarms.troubles import (
    KINDS,
    export_run_failed,
    going_exports,
    ingestion_is_stale,
    troubles,
)
from analytics_pipelines.outbound.addresses import AddressRefused, Allowed
from analytics_pipelines.outbound.urls import WrongUrl, checked_url
from analytics_pipelines.settings import Settings
from resources.postgres import Postgres

# A round of telling ends by then, or receivers that don't answer would hold up who calls; the next one goes on.
_ROUND_SECONDS = 15.0


@dataclass(frozen=True)
class ProjectAlarms:
    """Tells the people of all projects that named a channel."""

    postgres: Postgres
    settings: Settings
    round_seconds: float = _ROUND_SECONDS
    clock: Callable[[], float] = time.monotonic

    def channels(self) -> dict[int, list[Channel]]:
        """By project; those that tell nobody are left out."""
        rows = self.postgres.rows(
            "SELECT id, alert_url, alert_mail FROM projects WHERE alert_url IS NOT NULL OR alert_mail IS NOT NULL"
        )
        found = {row["id"]: channels_of(row["alert_url"], row["alert_mail"] or "", self.settings) for row in rows}
        return {team_id: listed for team_id, listed in found.items() if listed}

    def export_run_failed(self, job: str, export_id: str, error: str, now: datetime) -> None:
        """A run of an export failed: told to its project unless its intervals say what is wrong, which `tell` tells."""
        failed = export_run_failed(self.postgres, job, export_id, error, self.settings.browser_url)
        if failed is None:
            return
        team_id, trouble = failed
        known = troubles(self.postgres, self.settings.browser_url, now).get(team_id, [])
        if not any(each.subject == f"export {export_id}" for each in known) and (found := self.channels().get(team_id)):
            Alarms(self.postgres, found, team_id).happened(trouble, now)

    def tell(
        self,
        now: datetime,
        *,
        is_stale: bool,
        found: Mapping[int, Sequence[Trouble]] | None = None,
        has_succeeded: Callable[[str, datetime], bool] = lambda subject, since: False,
    ) -> None:
        """All that is wrong: what is new is told, what is well again is over. `found`: by `troubles`, if it is known.
        `has_succeeded`: whether the run that a subject names went well since.

        Who does not get a turn, because receivers before it were slow, gets one in another round.
        """
        self._forget_unheard()
        listed = list(self.channels().items())
        if not listed:
            return
        known = troubles(self.postgres, self.settings.browser_url, now) if found is None else found
        going = going_exports(self.postgres)
        random.shuffle(listed)
        until = self.clock() + self.round_seconds
        for team_id, channels in listed:
            wrong = [*known.get(team_id, ())]
            if is_stale:
                wrong.append(ingestion_is_stale(team_id, self.settings.browser_url))
            alarms = Alarms(self.postgres, channels, team_id)
            runs = {subject: last for subject, last in alarms.open().items() if subject.startswith("run ")}
            alarms.over(
                [each for each, last in runs.items() if each.split(" ")[-1] not in going or has_succeeded(each, last)],
                now,
            )
            alarms.lasts(("stale", *KINDS), wrong, now)
            if self.clock() >= until:
                return

    def _forget_unheard(self) -> None:
        """What nobody of a project listens for any more; it is news to who listens later."""
        self.postgres.execute(
            "DELETE FROM alarm_incidents a USING projects p"
            " WHERE p.id = a.team_id AND p.alert_url IS NULL AND p.alert_mail IS NULL"
        )


def check_reachable(changes: Mapping[str, object], settings: Settings) -> None:
    """Whether changes of a project, of the right form, name someone who can be told from here. Raises WrongChange."""
    if (url := changes.get("alert_url")) and isinstance(url, str):
        try:
            checked_url(url, Allowed.parse(settings.outbound_allowed))
        except (AddressRefused, WrongUrl) as error:
            raise WrongChange("alert_url", f"alert_url can't be told. {error}") from None
    if changes.get("alert_mail") and settings.smtp_url is None:
        raise WrongChange(
            "alert_mail",
            "alert_mail needs a mail server, and this installation has none.",
            "Its operator sets ANALYTICS_SMTP_URL.",
        )
