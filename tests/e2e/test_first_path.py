"""From an unmodified SDK to a bar on the page, through every part, while parts die."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from conftest import Stack, processes_below, request

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.e2e, pytest.mark.engines, pytest.mark.timeout(400)]

ARTIFACTS = Path(__file__).parents[2] / "artifacts"

SENDER = """
import sys
from posthog import Posthog
key, host, prefix, events, pause = *sys.argv[1:4], int(sys.argv[4]), float(sys.argv[5])
import time
posthog = Posthog(key, host=host, flush_at=50, max_retries=10)
for number in range(events):
    posthog.capture("order placed", distinct_id=f"{prefix}-{number % 100}", properties={"number": number})
    if number % 50 == 49:
        time.sleep(pause)
posthog.flush()
posthog.shutdown()
"""


def send(stack: Stack, prefix: str, events: int, *, key: str | None = None, pause: float = 0) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SENDER, key or stack.api_token, stack.capture_url, prefix, str(events), str(pause)],
        capture_output=True,
        text=True,
        timeout=120,
        env=stack.env,
    )
    assert done.returncode == 0, done.stderr
    assert "error" not in done.stderr.lower(), done.stderr


def test_a_thousand_events_of_the_sdk_are_counted_shown_and_accounted_for(stack: Stack) -> None:
    send(stack, "first", 1000)
    # not flushed before the first run is there: a flush that finds none loads by itself, and no run tells of it
    stack.wait(lambda: stack.status()["pending_objects"] == 0, 120, "the first ingestion run")
    stack.run("flush", "--timeout", "90")
    assert stack.count() == 1000

    key = stack.json("key", "create", "--project", "1", "--scopes", "query:read,project:read")["key"]
    query = f"{stack.web_url}/api/projects/1/query/"
    status, answer = request(
        query, {"query": {"kind": "HogQLQuery", "query": "select event, count() from events group by event"}}, key
    )
    assert (status, answer["results"]) == (200, [["order placed", 1000]])
    series = [{"kind": "EventsNode", "event": "order placed", "math": math} for math in ("total", "dau")]
    status, answer = request(query, {"query": {"kind": "TrendsQuery", "series": series}}, key)
    assert status == 200
    assert [row["count"] for row in answer["results"]] == [1000, 100]
    assert len(answer["results"][0]["days"]) == 8

    assert shown_in_dagster(stack) == {"events": 1000, "dead_letters": 0}


def shown_in_dagster(stack: Stack) -> dict[str, float]:
    """Sums of the numeric metadata of all materializations: what the UI plots."""
    ask = """
        query($key: AssetKeyInput!) { assetOrError(assetKey: $key) { ... on Asset {
            assetMaterializations(limit: 50) { runId metadataEntries { label ... on IntMetadataEntry { intValue } } }
        } } }
    """
    sums: dict[str, float] = {}

    def look() -> bool:
        body = {"query": ask, "variables": {"key": {"path": ["events"]}}}
        _, answer = request(f"{stack.dagster_url}/graphql", body)
        entries = [
            (entry["label"], entry.get("intValue") or 0)
            for each in answer["data"]["assetOrError"].get("assetMaterializations", [])
            for entry in each["metadataEntries"]
        ]
        for name in ("events", "dead_letters"):
            sums[name] = sum(value for label, value in entries if label == name)
        return sums["events"] >= 1000

    # a lingering run reports each minute
    stack.wait(look, 90, "the ingestion run's report")
    return sums


@contextmanager
def browser_page(stack: Stack) -> Iterator[Page]:
    """A page of Chromium, signed in. What the browser complains of fails the test: a refused style, a missing file."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    assert browser, "CI needs Chromium"
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
    complaints: list[str] = []
    ARTIFACTS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=flags)
        page = chromium.new_page(viewport={"width": 1280, "height": 1000})
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(stack.run("login-link").stdout.strip())
        yield page
        chromium.close()
    assert complaints == []


def test_the_page_shows_the_bar_and_the_latest_events(stack: Stack) -> None:
    with browser_page(stack) as page:
        chart = page.get_by_test_id("events-chart")
        chart.and_(page.locator("[data-ready=true]")).wait_for(timeout=30_000)
        assert chart.get_attribute("data-total") == "1000"
        assert page.get_by_test_id("latest-events").get_by_text("order placed").count() >= 10
        page.screenshot(path=ARTIFACTS / "overview.png")


def test_posted_events_become_a_number_on_a_dashboard_that_opens_to_its_people(stack: Stack) -> None:
    batch = [{"event": "lamp bought", "distinct_id": f"lamp-{number % 3}"} for number in range(7)]
    status, _ = request(f"{stack.capture_url}/batch/", {"api_key": stack.api_token, "batch": batch})
    assert status == 200
    stack.run("flush", "--timeout", "90")
    with browser_page(stack) as page:
        page.get_by_role("link", name="Dashboards").click()
        page.get_by_label("Name of the new dashboard").fill("Lamps")
        page.get_by_role("button", name="Create", exact=True).click()
        page.get_by_role("button", name="Add the first tile").click()
        page.get_by_role("link", name="Make a new insight").click()
        page.get_by_role("combobox", name="Event of Series A").fill("lamp")
        page.get_by_role("option", name="lamp bought").click()
        page.get_by_label("Shown as").select_option("Number")
        result = page.get_by_test_id("insight-result")
        result.get_by_role("button", name="7", exact=True).wait_for()
        explained = page.get_by_test_id("explain")
        explained.get_by_text("Explain").click()
        assert "lamp bought" in explained.inner_text()
        page.get_by_label("Name of the insight").fill("Lamps bought")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("button", name="On 1 dashboard").click()
        page.get_by_role("link", name="Open").click()
        tile = page.get_by_test_id("tile").filter(has_text="Lamps bought")
        tile.get_by_role("button", name="7", exact=True).click()
        people = page.get_by_test_id("people")
        people.wait_for()
        assert people.get_attribute("data-count") == "3"
        page.get_by_role("button", name="Close").click()
        assert "computed" in tile.inner_text()
        page.screenshot(path=ARTIFACTS / "dashboard.png")


def test_two_projects_with_the_same_event_do_not_see_each_other(stack: Stack) -> None:
    other = stack.json("project", "create", "Other", "--timezone", "Asia/Tokyo")
    event = {"event": "same", "distinct_id": "same", "uuid": "0190a1b2-0000-7000-8000-000000000001"}
    for token in (stack.api_token, other["api_token"]):
        status, _ = request(f"{stack.capture_url}/i/v0/e/", {"api_key": token, **event})
        assert status == 200
    stack.run("flush", "--timeout", "90")
    keys = {
        project: stack.json("key", "create", "--project", str(project), "--scopes", "query:read")["key"]
        for project in (1, other["id"])
    }
    sql = {"query": {"kind": "HogQLQuery", "query": "select count() from events where event = 'same'"}}
    for project, key in keys.items():
        assert request(f"{stack.web_url}/api/projects/{project}/query/", sql, key)[1]["results"] == [[1]]
        foreign = next(each for each in keys if each != project)
        assert request(f"{stack.web_url}/api/projects/{foreign}/query/", sql, key)[0] == 403
    assert stack.count(other["id"]) == 1


def ingest_runs(stack: Stack) -> list[int]:
    return [pid for pid, command in processes_below(stack.data_dir).items() if "multiprocessing.spawn" in command]


def test_events_survive_the_death_of_the_ingest_run_and_of_clickhouse(stack: Stack) -> None:
    before = stack.count()
    sender = threading.Thread(target=send, args=(stack, "mortal", 1000), kwargs={"pause": 0.25})
    sender.start()
    time.sleep(1.5)
    killed = ingest_runs(stack)
    assert killed, "an ingestion run lingers"
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    time.sleep(1.5)
    os.kill(stack.services()["clickhouse"]["pid"], signal.SIGKILL)
    sender.join(120)
    stack.wait(lambda: stack.services()["clickhouse"]["state"] == "healthy", 60, "ClickHouse")
    stack.run("flush", "--timeout", "120")
    assert stack.count() == before + 1000


@pytest.mark.parametrize("name", ["capture", "web", "postgres", "clickhouse"])
def test_a_service_that_is_killed_is_healthy_again_soon(stack: Stack, name: str) -> None:
    before = stack.services()[name]
    os.kill(before["pid"], signal.SIGKILL)

    def healed() -> bool:
        now = stack.services()[name]
        return now["state"] == "healthy" and now["pid"] != before["pid"]

    stack.wait(healed, 90, name)
    send(stack, f"after-{name}", 10)
    stack.run("flush", "--timeout", "90")


def runs_in_progress(stack: Stack) -> set[str]:
    ask = "{ runsOrError(filter: {statuses: [STARTED, STARTING]}) { ... on Runs { results { runId } } } }"
    status, answer = request(f"{stack.dagster_url}/graphql", {"query": ask})
    return {run["runId"] for run in answer["data"]["runsOrError"]["results"]} if status == 200 else set()


def test_runs_that_died_with_their_code_server_are_noticed_and_replaced(stack: Stack) -> None:
    stack.wait(lambda: runs_in_progress(stack) and ingest_runs(stack), 60, "an ingestion run")
    dead = runs_in_progress(stack)
    os.kill(stack.services()["dagster-code"]["pid"], signal.SIGKILL)
    stack.wait(lambda: not dead & runs_in_progress(stack), 120, "the dead runs to be failed")
    stack.wait(lambda: ingest_runs(stack), 90, "another ingestion run")
    assert stack.services()["dagster-code"]["state"] == "healthy"


def test_a_second_start_on_the_same_folder_is_refused_in_one_line(stack: Stack) -> None:
    done = stack.run("start", check=False)
    assert done.returncode == 1
    assert "is in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Starting" in done.stdout


def test_sigterm_stops_everything_and_the_next_start_goes_on(stack: Stack) -> None:
    before, token = stack.count(), stack.api_token
    begun = time.monotonic()
    assert stack.stop(signal.SIGTERM) == 0
    assert time.monotonic() - begun < 20
    assert processes_below(stack.data_dir) == {}
    stack.start()
    assert stack.api_token == token
    assert stack.count() == before


def test_a_lost_clickhouse_is_filled_again_from_the_bucket(stack: Stack) -> None:
    before = stack.count()
    stack.stop(signal.SIGTERM)
    shutil.rmtree(stack.data_dir / "clickhouse")
    stack.start()
    assert "will be loaded again" in stack.said()
    stack.run("flush", "--timeout", "120")
    assert stack.count() == before


def test_a_killed_supervisor_leaves_no_orphan(stack: Stack) -> None:
    before = stack.count()
    assert stack.process is not None
    stack.process.kill()
    stack.process.wait()
    stack.wait(lambda: processes_below(stack.data_dir) == {}, 20, "everything to end")
    stack.start()
    assert stack.count() == before
