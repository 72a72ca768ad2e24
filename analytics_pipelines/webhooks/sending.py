"""Sending what waits for one destination, in order, until it is empty, the receiver fails, or time is over."""

import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from analytics_pipelines.accounts.projects import Projects
from analytics_pipelines.faults import hit
from analytics_pipelines.outbound.addresses import AddressRefused
from analytics_pipelines.outbound.client import Outbound, Reply, SendFailed
from analytics_pipelines.outbound.urls import WrongUrl
from analytics_pipelines.settings import Settings
from analytics_pipelines.webhooks.message import TooLarge, message
from analytics_pipelines.webhooks.queue import Delivery, Failed, ParkedWhy, Queue, Standing
from analytics_pipelines.webhooks.store import Destination, Destinations
from resources.postgres import Postgres

READ_AHEAD = 50
_TRIED_AGAIN = frozenset({408, 425, 429})
_MOST_SAID = 500
_MOST_RETRY_AFTER = 3600.0


@dataclass(frozen=True)
class Patience:
    """How often and when it is tried again; seconds. A pause is between half of it and the whole, by chance, so that
    many senders don't come at once."""

    first_pause: float = 1.0
    longest_pause: float = 300.0
    most_attempts: int = 10
    parked_events: int = 3
    parked_pause: float = 600.0

    def pause(self, attempt: int) -> float:
        """Before the next attempt, after so many (from 1)."""
        whole = min(self.longest_pause, self.first_pause * 2.0 ** min(attempt - 1, 30))
        return whole * random.uniform(0.5, 1.0)  # noqa: S311


@dataclass
class Sent:
    """What a turn did."""

    delivered: int = 0
    failed: int = 0
    parked: int = 0


@dataclass(frozen=True)
class Sender:
    """Sends to one destination at a time; the caller sees to it that nobody else sends to it meanwhile."""

    postgres: Postgres
    settings: Settings
    client: Outbound
    patience: Patience = Patience()
    now: Callable[[], datetime] = lambda: datetime.now(UTC)

    def send(self, destination: Destination, seconds: float, enough: Callable[[], bool] = lambda: False) -> Sent:
        """Deliver what waits. Raises PostgresUnavailable, and Problem when the secrets can't be opened."""
        queue, sent, end = Queue(self.postgres, destination.id), Sent(), time.monotonic() + seconds
        project = Projects(self.postgres).get(destination.team_id)
        secrets = Destinations(self.postgres, destination.team_id).signing_secrets(destination.id, self.now())
        while project and not enough() and time.monotonic() < end:
            waiting = queue.pending(READ_AHEAD)
            for delivery in waiting:
                if enough() or time.monotonic() >= end:
                    return sent
                standing = queue.standing()
                if standing is None or (standing.retry_at and standing.retry_at > self.now()):
                    return sent
                if not queue.exists(delivery):
                    continue
                if not self._attempt(destination, project.name, secrets, queue, delivery, standing, sent):
                    break  # it comes before those behind it, or what was put aside comes back
            if not waiting:
                return sent
        return sent

    def _attempt(
        self,
        destination: Destination,
        project_name: str,
        secrets: list[str],
        queue: Queue,
        delivery: Delivery,
        standing: Standing,
        sent: Sent,
    ) -> bool:
        """One request. False when what comes next is to be looked up anew."""
        now = self.now()
        try:
            told = json.loads(delivery.event)
            made = message(
                destination, project_name, delivery.event_uuid, told, self.settings.browser_url, secrets, now
            )
            hit("webhooks.before_send")
            reply = self.client.send(destination.method, destination.url, made.headers, made.body)
        except TooLarge:
            self._park(queue, delivery, Failed(now, None, "The body is larger than 8 MiB."), "refused", sent)
            return True
        except WrongUrl as error:
            self._park(queue, delivery, Failed(now, None, str(error)), "refused", sent)
            return True
        except (SendFailed, AddressRefused) as error:
            self._try_again(queue, delivery, standing, Failed(now, None, str(error)), 0.0, sent)
            return False
        hit("webhooks.after_send")
        if reply.is_success:
            queue.delivered(delivery, self.now())
            hit("webhooks.after_delivered")
            sent.delivered += 1
            return standing.parked_at is None
        how = Failed(now, reply.status, said(reply))
        if reply.status in _TRIED_AGAIN or reply.status >= 500:
            self._try_again(queue, delivery, standing, how, retry_after(reply, now), sent)
            return False
        self._park(queue, delivery, how, "refused", sent)
        return True

    def _try_again(
        self, queue: Queue, delivery: Delivery, standing: Standing, how: Failed, at_least: float, sent: Sent
    ) -> None:
        """Later; an event that failed too often makes room for those behind it, unless the whole receiver is away."""
        pause = self._parked_pause() if standing.parked_at else self.patience.pause(delivery.attempts + 1)
        if not standing.parked_at and delivery.attempts + 1 >= self.patience.most_attempts:
            self._park(queue, delivery, how, "gave up", sent, max(pause, at_least))
            return
        sent.failed += 1
        queue.failed(delivery, how, self.now() + timedelta(seconds=max(pause, at_least)))
        hit("webhooks.after_failed")

    def _park(
        self, queue: Queue, delivery: Delivery, how: Failed, why: ParkedWhy, sent: Sent, pause: float = 0.0
    ) -> None:
        sent.parked += 1
        now = self.now()
        queue.park(
            delivery,
            how,
            why,
            most_in_a_row=self.patience.parked_events,
            next_at=now + timedelta(seconds=pause),
            probe_at=now + timedelta(seconds=max(pause, self._parked_pause())),
        )
        hit("webhooks.after_parked")

    def _parked_pause(self) -> float:
        return self.patience.parked_pause * random.uniform(0.5, 1.0)  # noqa: S311


def said(reply: Reply) -> str:
    """What to tell of an answer that is no success."""
    if 300 <= reply.status < 400:
        return f"It answered {reply.status}: redirects are not followed, so give the final URL."
    text = " ".join(reply.text.split())[:_MOST_SAID]
    return f"It answered {reply.status}{f': {text}' if text else '.'}"


def retry_after(reply: Reply, now: datetime) -> float:
    """Seconds that a receiver wants to be left alone, 0 when it says nothing of that."""
    text = next((value for name, value in reply.headers.items() if name.lower() == "retry-after"), "").strip()
    if text.isascii() and text.isdigit():
        seconds = float(text[:10])
    else:
        try:
            moment = parsedate_to_datetime(text)
            seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(max(seconds, 0.0), _MOST_RETRY_AFTER)
