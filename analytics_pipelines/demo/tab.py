"""A tab of a visitor's browser: pages are opened in it, and time passes. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from analytics_pipelines.demo.browser import Browser
from analytics_pipelines.demo.sending import Event


@dataclass
class Tab:
    """`at` is the visit's clock; what happens gathers in `events`, oldest first."""

    browser: Browser
    at: datetime
    random: Random
    next_id: Callable[[], UUID]
    events: list[tuple[datetime, UUID, Event]] = field(default_factory=list)
    address: str = ""
    _since: datetime | None = None

    def wait(self, least: float, most: float) -> None:
        """Let so many seconds pass."""
        self.at += timedelta(seconds=self.random.uniform(least, most))

    def open(self, address: str) -> None:
        """Go to a page, `address` being its path and query; posthog-js tells of the page before along with it."""
        leaving = self._leaving()
        self.address, self._since = address, self.at
        self.send("$pageview", {**leaving, "title": _title(address)})

    def close(self) -> None:
        """Leave the site."""
        self.send("$pageleave", self._leaving())

    def click(self, tag: str, css: str, text: str, href: str | None = None) -> None:
        """Click on an element, for autocapture."""
        link = f'attr__href="{href}"href="{href}"' if href else ""
        chain = (
            f'{tag}.{css}:attr__class="{css}"{link}nth-child="2"nth-of-type="1"text="{text}";'
            'main:nth-child="2"nth-of-type="1";body:nth-child="2"nth-of-type="1"'
        )
        self.send(
            "$autocapture", {"$event_type": "click", "$ce_version": 1, "$el_text": text, "$elements_chain": chain}
        )

    def send(self, name: str, properties: Mapping[str, Any]) -> None:
        """Capture an event from this page."""
        uuid = self.next_id()
        self.events.append((self.at, uuid, self.browser.capture(uuid, self.at, name, self.address, properties)))
        self.at += timedelta(milliseconds=self.random.randint(20, 400))

    def identify(self, user_id: str, traits: Mapping[str, Any]) -> None:
        """Tell who sits here."""
        uuid = self.next_id()
        self.events.append((self.at, uuid, self.browser.identify(uuid, self.at, self.address, user_id, traits)))
        self.wait(0.2, 0.6)

    def _leaving(self) -> dict[str, Any]:
        if self._since is None:
            return {}
        return {
            "$prev_pageview_pathname": self.address.partition("?")[0],
            "$prev_pageview_duration": round((self.at - self._since).total_seconds(), 3),
            "$prev_pageview_max_scroll_percentage": round(self.random.uniform(0.2, 1), 2),
        }


def _title(address: str) -> str:
    last = address.partition("?")[0].strip("/").rpartition("/")[2].replace("-", " ")
    return f"{last.capitalize() or 'Home'} · Larkspur Outfitters"
