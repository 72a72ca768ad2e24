"""posthog-js, unmodified, current and old, in a real browser, across origins."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from faultproxy import FaultProxy
from playwright.sync_api import Browser, Page, sync_playwright
from receiver import Receiver, Stored
from shop import Site

from analytics_pipelines.events import zstd

pytestmark = [pytest.mark.engines, pytest.mark.e2e]

NEW, OLD = "posthog-js", "posthog-js-old"
# As headless Chromium names itself, posthog-js takes it for a robot and sends nothing. Told by flags: what Playwright
# pretends to be ends before the page does, and the farewell would be missing.
AS_A_PERSON = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"),
    *(f"--user-agent={AS_A_PERSON}", "--disable-blink-features=AutomationControlled"),
]
ON_THE_WAY = timedelta(seconds=30)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    assert browser, "CI needs Chromium"
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser, args=FLAGS)
        yield launched
        launched.close()


class Visit:
    """A visit of the shop."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.url = page, url
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(url)

    def call(self, script: str) -> Any:
        return self.page.evaluate(script)

    def leave(self) -> None:
        """Go to another page; the SDK notices, and sends what it has left with a farewell."""
        self.sent = self.noted()
        self.page.goto(f"{self.url}/away")

    def noted(self) -> dict[str, dict[str, Any]]:
        """What the SDK let through, by uuid."""
        return {each["uuid"]: each for each in self.call("sent") if each["event"] != "$snapshot"}


@contextmanager
def visit(chromium: Browser, package: str, receiver: Receiver, api_host: str, **config: Any) -> Iterator[Visit]:
    with Site(package, {"token": receiver.token, "api_host": api_host, **config}) as site:
        context = chromium.new_context()
        try:
            yield Visit(context.new_page(), site.url)
        finally:
            context.close()


def until(what: Callable[[], bool], seconds: float, name: str) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"waited {seconds} s for {name}"
        time.sleep(0.2)


def all_of(receiver: Receiver, visited: Visit) -> list[Stored]:
    """Rows of a visit that is over: what was sent, under the same ids, at the same time, and a farewell."""
    until(lambda: any(each.event == "$pageleave" for each in receiver.stored()), 10, "the farewell")
    stored = receiver.stored()
    sent = visited.sent
    assert {each.uuid for each in stored if each.event != "$pageleave"} == sent.keys()
    assert len(stored) == len(sent) + 1
    for each in stored:
        said = sent.get(each.uuid, {"event": "$pageleave", "distinct_id": each.distinct_id, "at": time.time() * 1000})
        assert (each.event, each.distinct_id) == (said["event"], said["distinct_id"])
        assert abs(each.timestamp - datetime.fromtimestamp(said["at"] / 1000, UTC)) < ON_THE_WAY
        assert each.properties["$lib"] == "web"
        assert each.properties["$current_url"].startswith(visited.url)
    return stored


@pytest.mark.parametrize("package", [NEW, OLD])
def test_what_happens_on_a_page_can_be_queried(chromium: Browser, receiver: Receiver, package: str) -> None:
    with visit(chromium, package, receiver, receiver.url) as visited:
        visited.page.wait_for_timeout(1000)  # until the SDK has its configuration
        anonymous = visited.call("posthog.get_distinct_id()")
        visited.call("posthog.capture('looked', { place: 1, text: 'Zürich 😀', list: [1, { a: null }] })")
        visited.page.click("#buy")
        visited.call("posthog.identify('user-1', { email: 'a@example.com' }, { first: 'x' })")
        visited.call("posthog.group('company', 'acme', { name: 'Acme' })")
        visited.call("posthog.setPersonProperties({ plan: 'pro' }, { seen: 'first' })")
        visited.call("posthog.capture('bought', { place: 2 })")
        visited.page.wait_for_timeout(3500)  # one flush by its timer
        visited.call("posthog.capture('last words')")
        visited.leave()
        stored = all_of(receiver, visited)
        complaints = visited.complaints
    by = {each.event: each for each in stored}
    assert len(by) == len(stored)
    assert {event: each.distinct_id for event, each in by.items()} == {
        **dict.fromkeys(["$pageview", "looked", "$autocapture"], anonymous),
        **dict.fromkeys(["$identify", "$groupidentify", "$set", "bought", "last words", "$pageleave"], "user-1"),
    }
    looked = by["looked"].properties
    assert (looked["place"], looked["text"], looked["list"]) == (1, "Zürich 😀", [1, {"a": None}])
    for said in ("button.btn.primary:", 'attr__class="btn primary"', 'attr__id="buy"', 'text="Buy"', ";body:"):
        assert said in by["$autocapture"].elements_chain
    assert by["$identify"].properties["$anon_distinct_id"] == anonymous
    assert by["$groupidentify"].properties["$group_set"] == {"name": "Acme"}
    assert by["bought"].properties["$groups"] == {"company": "acme"}
    assert len({each.properties["$session_id"] for each in stored}) == 1
    assert not [text for text in complaints if "CORS" in text]


@pytest.mark.parametrize("package", [NEW, OLD])
def test_requests_that_need_a_preflight_get_through(chromium: Browser, receiver: Receiver, package: str) -> None:
    config = {"disable_compression": True, "request_headers": {"X-Shop": "1"}}
    with visit(chromium, package, receiver, receiver.url, **config) as visited:
        visited.call("posthog.capture('looked', { place: 1 })")
        visited.page.wait_for_timeout(3500)
        visited.call("posthog.capture('bought', { place: 2 })")
        visited.leave()
        assert {"$pageview", "looked", "bought"} <= {each.event for each in all_of(receiver, visited)}
        assert not [text for text in visited.complaints if "CORS" in text]


# The SDK tries again after 3 to 6 seconds; what goes on later is flushed when the page ends.
@pytest.mark.parametrize("package", [NEW, OLD])
def test_faults_on_the_way_neither_lose_nor_double_an_event(
    chromium: Browser, receiver: Receiver, package: str
) -> None:
    def events(line: str) -> bool:
        return line.startswith(("POST /e/", "POST /i/v0/e/"))

    with (
        FaultProxy(receiver.port, ["503", "lose", "pass", "reset", "slow:0.5", "lose", "503"], meant=events) as proxy,
        visit(chromium, package, receiver, proxy.url, request_queue_config={"flush_interval_ms": 250}) as visited,
    ):
        for place in range(9):
            visited.call(f"posthog.capture('bought', {{ place: {place} }})")
            visited.page.wait_for_timeout(400)
        # a farewell is sent once, whatever becomes of it: the faults have to be over before
        for _ in range(60):
            if not proxy.plan:
                break
            visited.call("posthog.capture('looked')")
            visited.page.wait_for_timeout(400)
        assert not proxy.plan, "every fault happened"
        sent = visited.noted()
        until(lambda: {each.uuid for each in receiver.stored()} >= sent.keys(), 20, "all events")
        visited.leave()
        stored = all_of(receiver, visited)
    assert sorted(each.properties["place"] for each in stored if each.event == "bought") == list(range(9))


@pytest.mark.parametrize("package", [NEW, OLD])
def test_a_session_is_recorded_where_the_project_wants_it(chromium: Browser, receiver: Receiver, package: str) -> None:
    opt_in = "UPDATE projects SET session_recording_opt_in = true WHERE id = %s"
    receiver.postgres.execute(opt_in, [receiver.project.id])
    with visit(chromium, package, receiver, receiver.url, disable_session_recording=False) as visited:
        answers: list[tuple[int, str]] = []
        visited.page.on("response", lambda answer: answers.append((answer.status, answer.url)))
        visited.page.reload()
        session = visited.call("posthog.get_session_id()")
        for _ in range(8):
            visited.page.mouse.move(20, 20)
            visited.page.click("#buy")
            visited.page.wait_for_timeout(500)
        visited.leave()
        until(lambda: bool(recorded(receiver)), 10, "a recording")
    to_replay = [(status, url) for status, url in answers if urlsplit(url).path == "/s/"]
    assert to_replay
    assert {status for status, _ in to_replay} == {200}
    found = [each for each in recorded(receiver) if each["properties"]["$session_id"] == session]
    assert {each["event"] for each in found} == {"$snapshot"}
    assert all(each["properties"]["$snapshot_data"] for each in found)
    assert not any(each.event == "$snapshot" for each in receiver.stored())


def recorded(receiver: Receiver) -> list[dict[str, Any]]:
    """What of this project lies under `replay/`, as it was sent."""
    texts = [zstd.decompress(receiver.store.get(item.key)) for item in receiver.store.objects("replay")]
    lines = [json.loads(line) for text in texts for line in text.splitlines()]
    return [line["event"] for line in lines if line["project"] == receiver.project.id]
