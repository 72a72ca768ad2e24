"""What one visitor of the demo shop does in all those months, and what the shop's server adds. Pure."""

from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from analytics_pipelines.demo import backend
from analytics_pipelines.demo.browser import Browser
from analytics_pipelines.demo.catalog import CLUB_FEE
from analytics_pipelines.demo.customer import draw_customer
from analytics_pipelines.demo.identifier import event_id
from analytics_pipelines.demo.season import CAMPAIGN, DAYS, OUTAGE, Season
from analytics_pipelines.demo.sending import Event, Sending
from analytics_pipelines.demo.source import CAMPAIGN as CAMPAIGN_SOURCE
from analytics_pipelines.demo.source import FIRST, RETURNING, Source
from analytics_pipelines.demo.tab import Tab
from analytics_pipelines.demo.visit import Visit

# How likely another visit follows, by plan; and how the days in between are spread (smaller: longer pauses).
_RETURNS = {"guest": 0.3, "basic": 0.8, "club": 0.93, "business": 0.9}
_PAUSE_SHAPE = 0.72
_LONGEST_PAUSE = 75  # days; who stays away for longer does not come back

_CAMPAIGN_SHARE = 0.6  # of the newcomers in its days
_JOINS_CLUB = 0.16
_LEAVES_CLUB = 0.16  # a month
_MONTH = timedelta(days=30)
_REASONS = ["too expensive", "not using it", "going away for long", "other"]


class Journey:
    """The visitor of that number. The same seed and number live the same life, moved to where `season` lies."""

    def __init__(self, number: int, season: Season, seed: int, token: str) -> None:
        self._random = Random(seed * 1_000_003 + number)  # noqa: S311
        self._season = season
        self._seed = seed
        self._token = token
        self._made = 0
        self._customer = draw_customer(number, self._random)
        self._browsers: dict[int, Browser] = {}
        self._from_server: list[tuple[datetime, UUID, Event]] = []

    def sendings(self, now: datetime) -> list[Sending]:
        """One sending a visit, and one for all that the server had to tell; nothing in them is later than `now`."""
        customer = self._customer
        day: int = self._season.first_day(self._random)
        found = []
        source = self._first_source(day)
        while day <= DAYS:
            tab = self._visit(day, source)
            found.append(_sent("/e/", tab.browser.device.user_agent, customer.ip, tab.events, now))
            comes_back = self._random.random() < _RETURNS[customer.plan(tab.at)]
            pause = int(self._random.paretovariate(_PAUSE_SHAPE))
            if customer.is_bot or not comes_back or pause > _LONGEST_PAUSE:
                break
            day = self._season.likely_day(day + pause, self._random)
            source = self._pick(RETURNING)
        self._from_server.sort(key=lambda each: (each[0], each[1]))
        found.append(_sent("/batch/", backend.USER_AGENT, backend.ADDRESS, self._from_server, now))
        return [sending for sending in found if sending.events]

    def _visit(self, day: int, source: Source) -> Tab:
        customer = self._customer
        at = self._season.moment(day, customer.country.offset, self._random)
        # the first visit is always with the first device
        which = self._random.choice([0, 0, len(customer.devices) - 1]) if self._browsers else 0
        if which not in self._browsers:
            device = customer.devices[which]
            self._browsers[which] = Browser(device, customer.country, self._token, at, self._random)
        tab = Tab(self._browsers[which], at, self._random, self._next_id)
        visit = Visit(customer, tab, self._random, outage=day in OUTAGE)
        if customer.is_bot:
            visit.crawl(source)
            return tab
        visit.run(source)
        if visit.order:
            self._ship(tab, visit.order)
            self._offer_club(tab)
        elif visit.failed:
            self._tell(tab.at, "payment failed", tab.browser.distinct_id, {"error": "card form timed out"})
        return tab

    def _ship(self, tab: Tab, order: dict[str, Any]) -> None:
        at = tab.at + timedelta(hours=self._random.uniform(14, 70))
        shipped = {name: order[name] for name in ("order_id", "item_count", "plan")}
        self._tell(at, "order shipped", tab.browser.distinct_id, shipped)

    def _offer_club(self, tab: Tab) -> None:
        """Some customers take out a membership with their purchase; it is renewed monthly until it is cancelled."""
        customer = self._customer
        joins = self._random.random() < _JOINS_CLUB
        if not joins or customer.user_id is None or customer.company or customer.club_from:
            return
        fee = {"plan": "club", "revenue": CLUB_FEE, "currency": "USD"}
        at = customer.club_from = tab.at
        self._tell(at, "subscription started", customer.user_id, fee, {"plan": "club"})
        while at < self._season.start + timedelta(days=DAYS + 1):
            at += _MONTH
            if self._random.random() < _LEAVES_CLUB:
                at -= timedelta(hours=self._random.uniform(1, 400))
                customer.club_until = at
                reason = {"plan": "club", "reason": self._random.choice(_REASONS)}
                self._tell(at, "subscription cancelled", customer.user_id, reason, {"plan": "basic"})
                return
            self._tell(at, "subscription renewed", customer.user_id, fee)

    def _tell(
        self,
        at: datetime,
        name: str,
        distinct_id: str,
        properties: dict[str, Any],
        traits: dict[str, Any] | None = None,
    ) -> None:
        """An event from the server; who is not logged in gets no profile by it."""
        about = dict(properties)
        if distinct_id != self._customer.user_id:
            about["$process_person_profile"] = False
        elif self._customer.company:
            about["$groups"] = {"company": self._customer.company.key}
        beside = {"$set": traits} if traits else {}
        uuid = self._next_id()
        self._from_server.append((at, uuid, backend.capture(uuid, at, name, distinct_id, about, **beside)))

    def _first_source(self, day: int) -> Source:
        campaigned = self._random.random() < _CAMPAIGN_SHARE
        source = self._pick(FIRST)
        return CAMPAIGN_SOURCE if day in CAMPAIGN and campaigned else source

    def _pick(self, among: list[tuple[Source, int]]) -> Source:
        return self._random.choices([each for each, _ in among], [share for _, share in among])[0]

    def _next_id(self) -> UUID:
        self._made += 1
        return event_id(self._seed, self._customer.number, self._made)


def _sent(path: str, user_agent: str, ip: str, events: list[tuple[datetime, UUID, Event]], now: datetime) -> Sending:
    return Sending(path, user_agent, ip, [(uuid, event) for at, uuid, event in events if at <= now])
