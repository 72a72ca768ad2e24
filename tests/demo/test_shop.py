"""The demo shop: the same each time, never in the future, and with the structure that charts are there to show."""

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from analytics_pipelines.demo.season import CAMPAIGN, OUTAGE, Season
from analytics_pipelines.demo.shop import events, journeys

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
FUNNEL = ["product viewed", "added to cart", "checkout started", "purchase"]

Event = dict[str, Any]


@pytest.fixture(scope="module")
def shop() -> list[Event]:
    return list(events(NOW))


def when(event: Event) -> datetime:
    return datetime.fromisoformat(event["timestamp"])


def who(event: Event) -> str:
    return event.get("distinct_id") or event["properties"]["distinct_id"]


def named(shop: list[Event], name: str) -> list[Event]:
    return [event for event in shop if event["event"] == name]


def a_day(shop: list[Event], name: str) -> Counter[date]:
    return Counter(when(event).date() for event in named(shop, name))


def mean(found: Counter[date], days: list[date]) -> float:
    return sum(found[day] for day in days) / len(days)


def in_season(days: range) -> list[date]:
    """Without the edges, where clocks of other countries show another day."""
    return [(Season(NOW).start + timedelta(days=day)).date() for day in days][1:-1]


def test_the_same_seed_and_date_make_the_same_events(shop: list[Event]) -> None:
    assert list(events(NOW)) == shop
    few = list(events(NOW, scale=0.05))
    assert few == shop[: len(few)]
    assert few != list(events(NOW, scale=0.05, seed=8))


def test_a_later_hour_only_adds(shop: list[Event]) -> None:
    later = list(events(NOW + timedelta(hours=9)))
    assert [event for event in later if when(event) <= NOW] == shop
    assert len(later) > len(shop)


def test_another_day_makes_nearly_the_same_uuids(shop: list[Event]) -> None:
    known = {event["uuid"] for event in shop}
    added = [event for event in events(NOW + timedelta(days=3)) if event["uuid"] not in known]
    assert len(added) < len(shop) / 50


def test_there_are_enough_events_and_none_is_after_now(shop: list[Event]) -> None:
    assert 60_000 <= len(shop) <= 100_000
    assert NOW - timedelta(days=184) < min(map(when, shop)) < NOW - timedelta(days=175)
    assert NOW - timedelta(hours=2) < max(map(when, shop)) <= NOW
    assert len({UUID(event["uuid"]) for event in shop}) == len(shop)


def test_scale_makes_more_or_fewer() -> None:
    small, smaller = (sum(1 for _ in events(NOW, scale=scale)) for scale in (0.1, 0.05))
    assert 1.6 < small / smaller < 2.4


def test_weekends_are_quieter(shop: list[Event]) -> None:
    found = a_day(shop, "$pageview")
    week = [sum(count for day, count in found.items() if day.weekday() == weekday) for weekday in range(7)]
    assert max(week[5:]) < 0.85 * min(week[:4])


def test_nights_are_quieter(shop: list[Event]) -> None:
    hours = Counter(
        when(event).hour
        for event in named(shop, "$pageview")
        if event["properties"]["$timezone"] == "Europe/London" and "@" not in who(event)
    )
    assert sum(hours[hour] for hour in range(1, 6)) < 0.2 * sum(hours[hour] for hour in range(17, 22))


def test_the_shop_grows(shop: list[Event]) -> None:
    found = a_day(shop, "$pageview")
    assert mean(found, in_season(range(150, 182))) > 1.8 * mean(found, in_season(range(32)))


def test_the_campaign_is_a_spike_of_its_own_source(shop: list[Event]) -> None:
    found = a_day(shop, "$pageview")
    around = [*range(CAMPAIGN.start - 14, CAMPAIGN.start), *range(CAMPAIGN.stop, CAMPAIGN.stop + 14)]
    usual = sum(mean(found, in_season(range(start, start + 7))) for start in (around[0], around[-1] - 6)) / 2
    assert mean(found, in_season(CAMPAIGN)) > 1.5 * usual
    campaigned = [event for event in shop if event["properties"].get("utm_campaign") == "trail-week"]
    assert {event["properties"]["utm_source"] for event in campaigned} == {"instagram"}
    assert len(named(campaigned, "$pageview")) > 300


def test_fewer_checkouts_end_in_a_purchase_while_the_checkout_is_broken(shop: list[Event]) -> None:
    paid, started, failed = (a_day(shop, name) for name in ("purchase", "checkout started", "payment failed"))
    bad = in_season(OUTAGE)
    usual = in_season(range(OUTAGE.start - 30, OUTAGE.start))
    assert sum(paid[day] for day in bad) / sum(started[day] for day in bad) < 0.4
    assert sum(paid[day] for day in usual) / sum(started[day] for day in usual) > 0.6
    assert sum(failed[day] for day in bad) > 10
    assert sum(failed[day] for day in usual) == 0


@pytest.mark.parametrize("device", ["Desktop", "Mobile", "Tablet"])
def test_funnels_narrow_at_each_step(shop: list[Event], device: str) -> None:
    people = [
        {
            event["properties"]["$device_id"]
            for event in named(shop, name)
            if event["properties"].get("$device_type") == device
        }
        for name in ["$pageview", *FUNNEL]
    ]
    assert all(after < before for before, after in pairwise(people))


def test_phones_convert_worse(shop: list[Event]) -> None:
    def rate(device: str) -> float:
        viewed, paid = (
            Counter(event["properties"]["$device_type"] for event in named(shop, name))
            for name in ("product viewed", "purchase")
        )
        return paid[device] / viewed[device]

    assert rate("Mobile") < 0.6 * rate("Desktop")


def test_sign_ups_identify_an_anonymous_visitor_first(shop: list[Event]) -> None:
    seen: set[str] = set()
    by_user: dict[str, Event] = {}
    for event in sorted(shop, key=when):
        properties = event["properties"]
        if event["event"] == "$identify":
            assert properties["$anon_distinct_id"] in seen
            assert event["$set"]["email"].endswith("@example.com")
            by_user.setdefault(who(event), event)
        if event["event"] == "sign up":
            identified = by_user[who(event)]
            assert identified["$set"]["country"]
            assert identified["$set"]["plan"] in {"basic", "business"}
            assert "$initial_referrer" in identified["$set_once"]
            assert properties["$session_id"] == identified["properties"]["$session_id"]
        seen.add(who(event))
    signed_up = [who(event) for event in named(shop, "sign up")]
    assert len(signed_up) == len(set(signed_up)) > 500
    assert len(named(shop, "$identify")) > len(signed_up)  # some come back with a second device


def test_events_before_the_sign_up_make_no_profile(shop: list[Event]) -> None:
    for event in shop:
        if event["properties"]["$lib"] == "web":
            assert event["properties"]["$process_person_profile"] is ("@" in who(event))


def test_purchases_say_what_was_bought(shop: list[Event]) -> None:
    for event in named(shop, "purchase"):
        properties = event["properties"]
        assert properties["revenue"] == pytest.approx(sum(item["price"] for item in properties["items"]))
        assert properties["currency"] == "USD"
        assert properties["plan"] in {"guest", "basic", "club", "business"}


def test_business_customers_belong_to_a_company_that_was_described(shop: list[Event]) -> None:
    described = {event["properties"]["$group_key"] for event in named(shop, "$groupidentify")}
    grouped = [event for event in shop if "$groups" in event["properties"]]
    assert {event["properties"]["$groups"]["company"] for event in grouped} <= described
    assert 10 < len(described) <= 60
    assert len(grouped) > 1000


def test_memberships_end_only_after_they_began(shop: list[Event]) -> None:
    started = {who(event): when(event) for event in named(shop, "subscription started")}
    cancelled = named(shop, "subscription cancelled")
    assert len(cancelled) > 15
    assert all(when(event) > started[who(event)] and event["$set"] == {"plan": "basic"} for event in cancelled)


def test_fewer_customers_come_back_each_week(shop: list[Event]) -> None:
    alias = {event["properties"]["$anon_distinct_id"]: who(event) for event in named(shop, "$identify")}
    first: dict[str, datetime] = {}
    weeks: dict[str, set[int]] = defaultdict(set)
    for event in sorted(named(shop, "$pageview"), key=when):
        person = alias.get(who(event), who(event))
        first.setdefault(person, when(event))
        weeks[person].add((when(event) - first[person]).days // 7)
    old = [person for person, at in first.items() if NOW - at > timedelta(weeks=10) and "@" in person]
    kept = [sum(week in weeks[person] for person in old) / len(old) for week in range(10)]
    assert kept[1] > 0.25
    assert kept[1] > kept[2] > kept[4] > kept[9] > 0.01


def test_sessions_begin_when_their_id_says(shop: list[Event]) -> None:
    sessions: dict[str, datetime] = {}
    for event in shop:
        session = event["properties"].get("$session_id")
        if session:
            sessions[session] = min(sessions.get(session, NOW), when(event))
    assert len(sessions) > 8000
    for session, began in sessions.items():
        assert UUID(session).version == 7
        assert (UUID(session).int >> 80) / 1000 == pytest.approx(began.timestamp(), abs=0.01)


def test_about_one_event_in_a_hundred_is_a_bots(shop: list[Event]) -> None:
    bots = sum(
        any(sign in event["properties"].get("$raw_user_agent", "") for sign in ("bot/", "Headless")) for event in shop
    )
    assert 0.005 < bots / len(shop) < 0.02


def test_clicks_carry_their_elements(shop: list[Event]) -> None:
    clicks = named(shop, "$autocapture")
    assert len(clicks) > 500
    assert all(event["properties"]["$elements_chain"].count(";") == 2 for event in clicks)


def test_each_sending_is_of_one_client_and_in_order() -> None:
    for sendings in journeys(NOW, scale=0.05):
        assert sum(sending.path == "/batch/" for sending in sendings) <= 1
        for sending in sendings:
            library = "posthog-python" if sending.path == "/batch/" else "web"
            assert {event["properties"]["$lib"] for _, event in sending.events} == {library}
            times = [when(event) for _, event in sending.events]
            assert times == sorted(times)
