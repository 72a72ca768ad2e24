"""Dashboards over the API."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from test_web_insights import COUNT, VIEWS, Client

from resources.postgres import Postgres

pytestmark = pytest.mark.engines

FILTERED = {"kind": "HogQLQuery", "query": "select count() from events where {filters}"}


@pytest.fixture
def ours(site: Any) -> Iterator[Client]:
    yield Client(site, site.ours)
    site.postgres.execute("DELETE FROM insights")
    site.postgres.execute("DELETE FROM dashboards")


def board_with(client: Client, *queries: Any, **fields: Any) -> dict[str, Any]:
    """A dashboard with an insight a question, refreshed."""
    board = client("POST", "dashboards/", {"name": "Shop", **fields}, 201)
    for query in queries:
        client("POST", "insights/", {"query": query, "dashboards": [board["id"]]}, 201)
    found: dict[str, Any] = client("GET", f"dashboards/{board['id']}/?refresh=force_blocking", status=200)
    return found


def test_a_dashboard_shows_its_insights_with_their_stored_results(ours: Client) -> None:
    board = board_with(ours, VIEWS, COUNT)
    first, second = ours("GET", f"dashboards/{board['id']}/", status=200)["tiles"]
    assert first["insight"]["result"][0]["data"] == [0, 2, 1, 0]
    assert second["insight"]["result"] == [["buy", 1], ["page", 3]]
    assert (first["order"], second["order"], first["layouts"], first["color"], first["text"]) == (0, 1, {}, None, None)
    for tile in (first, second):
        assert (tile["is_cached"], tile["insight"]["is_stale"]) == (True, False)
        assert tile["last_refresh"] == tile["insight"]["last_refresh"] >= board["last_refresh"]
        assert tile["insight"]["dashboards"] == [board["id"]]
        assert tile["insight"]["dashboard_tiles"] == [{"id": tile["id"], "dashboard_id": board["id"]}]


def test_the_dates_of_a_dashboard_replace_those_of_its_insights(ours: Client) -> None:
    board = board_with(ours, VIEWS, filters={"date_from": "2026-11-20", "date_to": "2026-11-21"})
    (tile,) = board["tiles"]
    assert tile["insight"]["result"][0]["data"] == [2, 1]
    assert tile["insight"]["query"] == VIEWS
    on_its_own = ours("GET", f"insights/{tile['insight']['id']}/?refresh=blocking")
    assert on_its_own["result"][0]["data"] == [0, 2, 1, 0]
    there = ours("GET", f"insights/{tile['insight']['id']}/?from_dashboard={board['id']}")
    assert there["result"] == tile["insight"]["result"]


def test_the_properties_of_a_dashboard_are_anded_with_those_of_its_insights(ours: Client) -> None:
    amount = [{"type": "event", "key": "amount", "operator": "gt", "value": 12}]
    more = [{"type": "event", "key": "amount", "operator": "lt", "value": 12}]
    board = board_with(ours, {**VIEWS, "properties": amount}, filters={"properties": amount})
    assert board["tiles"][0]["insight"]["result"][0]["data"] == [0, 2, 1, 0]
    address = f"dashboards/{board['id']}/"
    changed = ours("PATCH", address, {"filters": {"properties": more}}, 200)
    assert changed["filters"] == {"properties": more}
    assert changed["tiles"][0]["insight"]["result"] is None, "the old answer is to another question"
    fresh = ours("GET", f"{address}?refresh=blocking")
    assert fresh["tiles"][0]["insight"]["result"][0]["data"] == [0, 0, 0, 0]


def test_filters_may_be_tried_without_storing_them(ours: Client) -> None:
    board = board_with(ours, VIEWS)
    override = quote(json.dumps({"date_from": "2026-11-21", "date_to": "2026-11-21"}))
    tried = ours("GET", f"dashboards/{board['id']}/?refresh=blocking&filters_override={override}", status=200)
    assert tried["tiles"][0]["insight"]["result"][0]["data"] == [1]
    assert ours("GET", f"dashboards/{board['id']}/")["filters"] == {}
    alone = f"insights/{tried['tiles'][0]['insight']['id']}/?from_dashboard={board['id']}&filters_override={override}"
    assert ours("GET", alone)["result"][0]["data"] == [1]
    for wrong in ("x", "[]", '{"date_from": 5}', '{"properties": "a"}'):
        ours("GET", f"dashboards/{board['id']}/?filters_override={quote(wrong)}", status=400)


def test_tiles_are_laid_out_coloured_and_taken_off(ours: Client) -> None:
    board = board_with(ours, VIEWS, COUNT)
    views, count = (tile["id"] for tile in board["tiles"])
    layouts = {"sm": {"x": 0, "y": 0, "w": 6, "h": 5}}
    address = f"dashboards/{board['id']}/"
    tiles = [{"id": views, "layouts": layouts, "color": "blue"}, {"text": {"body": "# Hello"}}]
    changed = ours("PATCH", address, {"tiles": tiles}, 200)
    assert [(tile["layouts"], tile["color"], tile["text"]) for tile in changed["tiles"]] == [
        (layouts, "blue", None),
        ({}, None, None),
        ({}, None, {"body": "# Hello"}),
    ]
    text = changed["tiles"][2]["id"]
    tiles = [{"id": count, "deleted": True}, {"id": text, "text": {"body": "Bye"}}, {"id": views, "color": ""}]
    changed = ours("PATCH", address, {"tiles": tiles}, 200)
    assert [(tile["id"], tile["color"], tile["text"]) for tile in changed["tiles"]] == [
        (views, None, None),
        (text, None, {"body": "Bye"}),
    ]
    assert ours("GET", "insights/?basic=true")["count"] == 2
    for wrong in ([{"id": count}], [{"id": count, "deleted": True}], [{}], [{"id": "1"}], [{"text": {}}]):
        ours("PATCH", address, {"name": "Not written", "tiles": wrong}, 400)
    assert ours("GET", address)["name"] == "Shop"


def test_an_insight_is_on_the_dashboards_that_it_names(ours: Client) -> None:
    one, two = (ours("POST", "dashboards/", {"name": name}, 201)["id"] for name in ("One", "Two"))
    made = ours("POST", "insights/", {"query": COUNT, "dashboards": [one]}, 201)
    address = f"insights/{made['id']}/"
    tile = ours("GET", f"dashboards/{one}/")["tiles"][0]["id"]
    assert ours("PATCH", address, {"dashboards": [one, two, two]}, 200)["dashboards"] == [one, two]
    assert ours("GET", f"dashboards/{one}/")["tiles"][0]["id"] == tile
    assert [each["id"] for each in ours("GET", f"insights/?dashboards=[{two}]")["results"]] == [made["id"]]
    assert ours("PATCH", address, {"dashboards": [two]}, 200)["dashboards"] == [two]
    assert ours("GET", f"dashboards/{one}/")["tiles"] == []
    ours("DELETE", address, status=204)
    assert ours("GET", f"dashboards/{two}/")["tiles"] == []
    ours("PATCH", address, {"deleted": False}, 200)
    assert len(ours("GET", f"dashboards/{two}/")["tiles"]) == 1


def test_dashboards_are_listed_changed_deleted_and_had_back(ours: Client) -> None:
    for name, pinned in (("b", False), ("A", False), ("z", True)):
        ours("POST", "dashboards/", {"name": name, "pinned": pinned, "tags": [f"{name} tag"]}, 201)
    listed = ours("GET", "dashboards/", status=200)
    assert [each["name"] for each in listed["results"]] == ["z", "A", "b"]
    assert "tiles" not in listed["results"][0]
    assert [each["name"] for each in ours("GET", "dashboards/?search=A%20TAG")["results"]] == ["A"]
    assert [each["name"] for each in ours("GET", "dashboards/?limit=1&offset=1")["results"]] == ["A"]
    address = f"dashboards/{listed['results'][0]['id']}/"
    assert ours("PATCH", address, {"name": "y", "description": "All"}, 200)["description"] == "All"
    ours("DELETE", address, status=204)
    ours("GET", address, status=404)
    ours("PATCH", address, {"name": "x"}, 404)
    assert ours("GET", "dashboards/")["count"] == 2
    assert ours("PATCH", address, {"deleted": False}, 200)["name"] == "y"
    for wrong in ({"name": 5}, {"filters": []}, {"filters": {"date_from": 1}}, {"tags": "a"}, {"name": "\0"}):
        ours("PATCH", address, wrong, 400)
        ours("POST", "dashboards/", wrong, 400)
    for path in (f"dashboards/{10**30}/", "dashboards/x/", "dashboards/0/"):
        ours("GET", path, status=404)


def test_one_failing_tile_leaves_the_others_alone(ours: Client) -> None:
    board = board_with(ours, VIEWS, {"kind": "HogQLQuery", "query": "select intDiv(1, 0)"}, COUNT)
    views, broken, count = (tile["insight"] for tile in board["tiles"])
    assert (broken["result"], broken["result_error"]["status"]) == (None, 400)
    assert views["result"] is not None
    assert count["result"] is not None


def test_stale_tiles_are_computed_in_the_background_meanwhile_the_old_ones_are_shown(ours: Client, site: Any) -> None:
    board = board_with(ours, {**VIEWS, "dateRange": {"date_from": "-7d"}}, COUNT, VIEWS)
    site.postgres.execute("UPDATE insight_results SET computed_at = computed_at - interval '1 day'")
    address = f"dashboards/{board['id']}/"
    stale = ours("GET", address)
    assert [tile["insight"]["is_stale"] for tile in stale["tiles"]] == [True, True, False], "what is over stays so"
    shown = ours("GET", f"{address}?refresh=async")
    assert all(tile["insight"]["result"] is not None for tile in shown["tiles"])
    for tile in shown["tiles"]:
        ours.until_computed(f"insights/{tile['insight']['id']}/")
    fresh = ours("GET", address)
    assert not any(tile["insight"]["is_stale"] for tile in fresh["tiles"])
    for before, after in zip(stale["tiles"][:2], fresh["tiles"][:2], strict=True):
        assert after["last_refresh"] > before["last_refresh"]


def test_many_tiles_are_read_in_two_statements(ours: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    board = board_with(ours, *[COUNT] * 20)
    said: list[str] = []
    transaction = Postgres.transaction

    def counting(self: Postgres) -> Any:
        said.append("transaction")
        return transaction(self)

    ours("GET", f"dashboards/{board['id']}/")
    monkeypatch.setattr(Postgres, "transaction", counting)
    found = ours("GET", f"dashboards/{board['id']}/", status=200)
    assert len(found["tiles"]) == 20
    assert len(said) <= 4, "the key, the project, the dashboard, the results"


def test_one_project_never_sees_the_dashboards_of_another(ours: Client, site: Any) -> None:
    theirs = Client(site, site.theirs)
    board = board_with(theirs, COUNT, name="Theirs")
    address = f"dashboards/{board['id']}/"
    ours("GET", address, status=404)
    ours("PATCH", address, {"name": "Ours", "tiles": [{"id": board["tiles"][0]["id"], "deleted": True}]}, 404)
    ours("DELETE", address, status=404)
    own = ours("POST", "dashboards/", {"name": "Own"}, 201)
    ours("PATCH", f"dashboards/{own['id']}/", {"tiles": [{"id": board["tiles"][0]["id"], "color": "red"}]}, 400)
    assert [each["name"] for each in ours("GET", "dashboards/")["results"]] == ["Own"]
    found = theirs("GET", address)
    assert (found["name"], found["tiles"][0]["color"]) == ("Theirs", None)
    assert found["tiles"][0]["insight"]["result"] == [["only theirs", 1], ["page", 1]]


def test_keys_read_and_write_as_their_scopes_say(ours: Client, site: Any) -> None:
    board = board_with(ours, COUNT)
    reader = Client(site, site.ours, "dashboard:read")
    reader("GET", f"dashboards/{board['id']}/", status=200)
    reader("POST", "dashboards/", {"name": "x"}, 403)
    reader("PATCH", f"dashboards/{board['id']}/", {"name": "x"}, 403)
    reader("DELETE", f"dashboards/{board['id']}/", status=403)
    reader("GET", "insights/", status=403)
