"""Sessions: what a visit is made of."""

from datetime import timedelta

import pytest
from rollup_world import DAY, NOON, Event, World, session_id

pytestmark = pytest.mark.engines

S = session_id(NOON)
URL = "https://shop.example:8443"


def at(seconds: float, name: str = "$pageview", *, sid: str = S, who: str = "ada", **properties: object) -> Event:
    return Event(NOON + timedelta(seconds=seconds), name, who, {"$session_id": sid, **properties})


def page(seconds: float, path: str, **properties: object) -> Event:
    return at(seconds, **{"$current_url": f"{URL}{path}", "$pathname": path.partition("?")[0], **properties})


def test_a_session_spans_all_of_its_events(world: World) -> None:
    world.store(at(0.9, "opened"), page(3, "/a"), at(65.8, "closed"))
    world.refresh()
    assert world.session("session_id, day, start, end, duration, events, pageviews") == (
        *(S, DAY, NOON + timedelta(seconds=0.9), NOON + timedelta(seconds=65.8)),
        *(64, 3, 1),
    )


def test_events_are_counted_by_kind_and_urls_once(world: World) -> None:
    world.store(page(0, "/a"), page(1, "/b"), page(2, "/a"), at(3, "$autocapture"), at(4, "$screen"), at(5, "bought"))
    world.refresh()
    assert world.session("pageviews, screens, autocaptures, events, urls") == (3, 1, 1, 6, 2)


def test_entry_and_exit_are_of_the_first_and_last_event_with_an_url(world: World) -> None:
    world.store(at(0, "opened"), page(1, "/in?x=1"), page(2, "/mid"), page(3, "/out#end"), at(4, "closed"))
    world.refresh()
    assert world.session("entry_url, entry_hostname, entry_pathname, exit_url, exit_hostname, exit_pathname") == (
        *(f"{URL}/in?x=1", "shop.example", "/in"),
        *(f"{URL}/out#end", "shop.example", "/out"),
    )


def test_tags_of_the_entry_are_the_earliest_that_are_set(world: World) -> None:
    names = ("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term", "gclid", "gad_source", "fbclid")
    world.store(
        at(0, "opened", **dict.fromkeys(names, "")),
        at(1, **{name: f"first {name}" for name in names}, **{"$referring_domain": "news.example"}),
        at(2, **{name: f"second {name}" for name in names}, **{"$referring_domain": "other.example"}),
    )
    world.refresh()
    columns = ", ".join(f"entry_{name}" for name in (*names, "referring_domain"))
    assert world.session(columns) == (*(f"first {name}" for name in names), "news.example")


def test_a_session_is_of_whoever_it_ended_with(world: World) -> None:
    world.store(at(0, who="anonymous"), at(1, "$identify", who="ada"))
    world.merge("ada", into="anonymous")
    world.refresh()
    assert world.session("distinct_id") == ("ada",)
    assert world.rows(
        "SELECT count() FROM sessions s JOIN events e USING (person_id) WHERE e.distinct_id = 'anonymous'"
    ) == [(1,)]


def test_the_last_click_that_led_away_and_the_first_paint_are_kept(world: World) -> None:
    world.store(
        at(0),
        at(1, "$autocapture", **{"$external_click_url": "https://a.example/"}),
        at(2, "$autocapture", **{"$external_click_url": "https://b.example/"}),
        at(3, "$autocapture"),
        at(4, "$web_vitals", **{"$web_vitals_LCP_value": 1234.5}),
        at(5, "$web_vitals", **{"$web_vitals_LCP_value": 99.0}),
    )
    world.refresh()
    assert world.session("last_external_click_url, vitals_lcp, autocaptures, events") == (
        "https://b.example/",
        1234.5,
        3,
        6,
    )


@pytest.mark.parametrize(
    ("events", "bounced"),
    [
        pytest.param([at(0)], True, id="one page"),
        pytest.param([at(0), at(9.9, "left")], True, id="one page for less than ten seconds"),
        pytest.param([at(0), at(10, "left")], False, id="one page for ten seconds"),
        pytest.param([at(0), at(1)], False, id="two pages"),
        pytest.param([at(0), at(1, "$autocapture")], False, id="one page and a click"),
        pytest.param([at(0), at(1, "bought")], True, id="one page and an event of another kind"),
        pytest.param([at(0, "$screen")], None, id="a screen and no page"),
        pytest.param([at(0, "bought"), at(50, "$autocapture")], None, id="no page"),
    ],
)
def test_a_visit_bounces(world: World, events: list[Event], bounced: bool | None) -> None:
    world.store(*events)
    world.refresh()
    assert world.session("is_bounce") == (bounced,)


def test_the_seconds_after_which_a_visit_does_not_bounce_are_a_setting(world: World) -> None:
    world.store(at(0), at(12, "left"))
    world.builder.bounce_seconds = 30
    world.builder.__post_init__()
    world.refresh()
    assert world.session("is_bounce") == (True,)


def test_a_session_across_midnight_is_one_row_on_the_day_in_its_id(world: World) -> None:
    late = NOON.replace(hour=23, minute=50)
    sid = session_id(late)
    world.store(*(Event(late + timedelta(minutes=n * 7), properties={"$session_id": sid}) for n in range(4)))
    world.refresh(DAY, DAY + timedelta(days=1))
    assert world.session("day, pageviews, duration") == (DAY, 4, 21 * 60)


def test_a_late_event_from_the_day_before_leaves_the_session_in_its_partition(world: World) -> None:
    early = NOON.replace(hour=0, minute=5)
    sid = session_id(early)
    world.store(Event(early, properties={"$session_id": sid}))
    world.refresh()
    world.store(Event(early - timedelta(minutes=10), properties={"$session_id": sid}))
    world.refresh(DAY - timedelta(days=1))
    assert world.session("day, start, pageviews") == (DAY, early - timedelta(minutes=10), 2)
    assert world.rows(
        "SELECT partition FROM system.parts WHERE table = 'sessions' AND active AND database = currentDatabase()"
    ) == [(f"{DAY:%Y%m%d}",)]


@pytest.mark.parametrize(
    "sid",
    [
        pytest.param("3f2b8a34-6c1f-4d7e-9a3f-4a8f0a4a3c11", id="version 4"),
        pytest.param("home", id="a word"),
        pytest.param(S[:-1], id="a digit short"),
        pytest.param(S[:-1] + "x", id="no digit"),
        pytest.param(S.replace("-", ""), id="without dashes"),
        pytest.param(session_id(NOON - timedelta(hours=24, seconds=1)), id="older than 24 hours"),
        pytest.param(session_id(NOON + timedelta(hours=24, seconds=1)), id="more than 24 hours in the future"),
        pytest.param("ffffffff-ffff-7fff-bfff-ffffffffffff", id="at the end of all time"),
        pytest.param("", id="empty"),
    ],
)
def test_an_id_that_is_no_uuidv7_of_about_then_is_no_session(world: World, sid: str) -> None:
    world.store(at(0, sid=sid), Event(NOON))
    world.refresh()
    assert world.rows("SELECT * FROM sessions") == []


def test_ids_in_capitals_are_sessions_too(world: World) -> None:
    world.store(at(0, sid=S.upper()))
    world.refresh()
    assert world.session("session_id, day") == (S.upper(), DAY)


def test_sessions_of_two_projects_are_apart(world: World) -> None:
    world.store(at(0), Event(NOON, team=2, properties={"$session_id": S}))
    world.refresh()
    assert world.rows("SELECT team_id, events FROM sessions ORDER BY team_id") == [(1, 1), (2, 1)]
