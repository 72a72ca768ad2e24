"""The wire protocol as SDKs speak it: their recorded requests, shortened, and whatever else claims to be JSON."""

import gzip
import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analytics_pipelines.events import zstd

pytestmark = pytest.mark.engines

PATHS = [path + slash for path in ("/batch", "/e", "/capture", "/track", "/engage", "/i/v0/e") for slash in ("", "/")]
EVENT = {"event": "page", "distinct_id": "ada", "properties": {"plan": "pro"}}
SENT_AT = "2026-11-22T11:06:20.930Z"
MILLISECONDS = "1795429815123"


def taken(answer: Any) -> bool:
    return (answer.status_code, answer.data, answer.mimetype) == (200, b'{"status":"Ok"}', "application/json")


def python_batch(key: str) -> dict[str, Any]:
    properties = {"a": 1, "inf": None, "$lib": "posthog-python", "$lib_version": "7.91.1", "$geoip_disable": True}
    stamp = "2026-11-22T11:06:20.925498+00:00"
    return {
        "batch": [
            {
                "event": "my event",
                "distinct_id": "user-1",
                "uuid": "55db7fa1-0000-4000-8000-000000000001",
                "timestamp": stamp,
                "properties": properties,
            },
            {
                "event": "$set",
                "distinct_id": "user-1",
                "$set": {"email": "a@b.c"},
                "properties": {},
                "timestamp": stamp,
            },
            {"event": "$create_alias", "distinct_id": "anon-1", "properties": {"distinct_id": "anon-1", "alias": "u"}},
        ],
        "historical_migration": False,
        "sent_at": SENT_AT,
        "api_key": key,
    }


def browser_batch(key: str) -> dict[str, Any]:
    properties = {"token": key, "distinct_id": "0190-anon", "$is_identified": False, "$lib": "web", "$time": 1.5}
    event = {"uuid": "0190c1f0-0000-7000-8000-000000000001", "event": "$pageview", "properties": properties}
    return {"api_key": key, "batch": [{**event, "timestamp": SENT_AT, "$set_once": {"a": 1}}], "sent_at": SENT_AT}


def old_browser_list(key: str) -> list[dict[str, Any]]:
    properties = {"token": key, "distinct_id": "0190-anon", "$elements": [{"tag_name": "button"}]}
    return [{"event": "$autocapture", "properties": properties, "$set_once": {}, "offset": ms} for ms in (1848, 20)]


def sent_events(body: Any) -> list[Any]:
    if isinstance(body, list):
        return body
    return [body] if body.get("batch") is None else body["batch"]


RECORDED = {
    "posthog-python": ("/batch/", python_batch, "plain", {"Content-Type": "application/json"}),
    "posthog-python gzip": ("/batch/", python_batch, "gzip", {"Content-Encoding": "gzip"}),
    "posthog-node": ("/batch/", browser_batch, "gzip", {"Content-Encoding": "gzip"}),
    "posthog-js": ("/i/v0/e/", browser_batch, "gzip", {"Content-Type": "text/plain"}),
    "posthog-js retry": ("/e/?retry_count=1", browser_batch, "gzip", {"Content-Type": "text/plain"}),
    "posthog-js 1.200.0": (
        f"/e/?ip=1&_={MILLISECONDS}&ver=1.200.0&compression=gzip-js",
        lambda key: old_browser_list(key)[0],
        "gzip",
        {"Content-Type": "text/plain"},
    ),
    "posthog-js 1.200.0 list": ("/e/?ip=1", old_browser_list, "plain", {"Content-Type": "application/json"}),
    "base64 form": (
        f"/e/?ip=1&_={MILLISECONDS}&ver=1.200.0&compression=base64",
        old_browser_list,
        "form",
        {"Content-Type": "application/x-www-form-urlencoded"},
    ),
    "base64 form of a charset": (
        "/e/",
        old_browser_list,
        "form",
        {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"},
    ),
    "android": ("/batch", browser_batch, "gzip", {"Content-Type": "application/json; charset=utf-8"}),
}


@pytest.mark.parametrize(("path", "make", "wrapping", "headers"), RECORDED.values(), ids=RECORDED)
def test_what_sdks_send_is_stored_as_they_meant_it(
    capture: Any, path: str, make: Any, wrapping: str, headers: dict[str, str]
) -> None:
    body = make(capture.token)
    text = json.dumps(body).encode()
    wrapped = {
        "plain": text,
        "gzip": gzip.compress(text),
        "form": b"compression=base64&data=" + quote_plus(b64encode(text)).encode(),
    }[wrapping]
    assert taken(capture.send(wrapped, path, headers=headers))
    lines = capture.stored()
    assert [line["event"] for line in lines] == sent_events(body)
    assert all("repaired" not in line for line in lines)
    moment = "2026-11-23T10:30:15.123+00:00" if "_=" in path else body["sent_at"] if "batch" in body else None
    assert [line["sent_at"] for line in lines] == [moment] * len(lines)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("packed", [False, True])
def test_a_pixel_is_taken_on_every_path(capture: Any, path: str, packed: bool) -> None:
    text = json.dumps({**EVENT, "api_key": capture.token}).encode()
    data = quote(b64encode(text) if packed else text, safe="")
    assert taken(capture.app.test_client().get(f"{path}?data={data}&ip=1&_={MILLISECONDS}"))
    (line,) = capture.stored()
    assert line["event"] == {**EVENT, "api_key": capture.token}
    assert line["path"] == path
    assert taken(capture.app.test_client().options(path))


def lz_string(text: str) -> bytes:
    """The plainest packing there is: every character is a new one."""
    stream, width, room = "", 2, 1
    for place, character in enumerate(text):
        stream += f"{0:0{width}b}" + f"{ord(character):08b}"[::-1]
        for _ in range(2 if place else 1):  # the character, and the word it makes with the one before
            room -= 1
            if not room:
                room, width = 1 << width, width + 1
    stream += f"{2:0{width}b}"[::-1]
    stream += "0" * (-len(stream) % 8)
    return b64encode(int(stream, 2).to_bytes(len(stream) // 8, "big"))


@pytest.mark.parametrize("name", ["lz64", "lz-string"])
def test_lz_string_is_taken(capture: Any, name: str) -> None:
    body = {**EVENT, "api_key": capture.token}
    packed = quote(lz_string(json.dumps(body))).encode()
    assert taken(capture.send(b"compression=%s&data=%s" % (name.encode(), packed), "/e/"))
    assert taken(capture.app.test_client().get(f"/e/?compression={name}&data={packed.decode()}"))
    assert [line["event"] for line in capture.stored()] == [body, body]


def test_a_beacon_is_answered_without_a_body(capture: Any) -> None:
    text = json.dumps(browser_batch(capture.token)).encode()
    answer = capture.send(gzip.compress(text), "/e/?beacon=1", headers={"Origin": "https://shop.example"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert len(capture.stored()) == 1
    assert taken(capture.send(text, "/e/?beacon=true"))
    assert capture.send(b"{", "/e/?beacon=1").status_code == 400


@pytest.mark.parametrize("path", ["/engage", "/engage/"])
def test_a_nameless_event_about_a_person_is_an_identify(capture: Any, path: str) -> None:
    body = {"api_key": capture.token, "distinct_id": "ada", "$set": {"plan": "pro"}}
    assert taken(capture.send(body, path))
    (line,) = capture.stored()
    assert line["event"] == {**body, "event": "$identify"}
    assert taken(capture.send(body, "/e/"))
    assert sorted(line["event"].get("event", "") for line in capture.stored()) == ["", "$identify"]


def test_events_of_the_sdks_own_performance_are_events(capture: Any) -> None:
    assert taken(capture.batch({**EVENT, "event": "$performance_event"}))
    assert len(capture.stored()) == 1


def test_json_of_a_million_levels_is_refused(capture: Any) -> None:
    for text in (b"[" * 1_000_000, b"[" * 1_000_000 + b"]" * 1_000_000):
        assert capture.send(text).status_code == 413  # by its size here
    for text in (b"[" * 90_000, b"[NaN," + b"[" * 40_000 + b"]" * 40_000 + b"]"):
        assert capture.send(text).status_code == 400


ODD_TEXT = st.text(st.characters() | st.sampled_from('\0\n\t\ud83d\ude00\udc00\x7f\u2028"\\'), max_size=8)
ODD: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(2**70), 2**70) | st.floats() | ODD_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ODD_TEXT, inner, max_size=3),
    max_leaves=8,
)
FIELDS = st.sampled_from(["event", "uuid", "token", "properties", "batch", "sent_at", "distinct_id", "offset"])


def mended(value: Any) -> Any:
    """What is documented to become of JSON that no strict reader takes."""
    if isinstance(value, str):
        return "".join("\ufffd" if each == "\0" or "\ud800" <= each <= "\udfff" else each for each in value)
    if isinstance(value, list):
        return [mended(each) for each in value]
    if isinstance(value, dict):
        return {mended(name): mended(each) for name, each in value.items()}
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if -(2**63) <= value < 2**64 else str(value)
    return value


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    value=ODD | st.dictionaries(FIELDS, ODD, max_size=4),
    form=st.sampled_from(["batch", "list", "single", "bare"]),
    ascii_only=st.booleans(),
    raw=st.booleans(),
)
def test_whatever_is_json_is_stored_as_it_is_or_refused(
    capture: Any, value: Any, form: str, ascii_only: bool, raw: bool
) -> None:
    keyed = {**value, "token": capture.token} if isinstance(value, dict) else {"v": value, "token": capture.token}
    body = {"batch": {"api_key": capture.token, "batch": [value, EVENT]}, "list": [keyed], "single": keyed}.get(
        form, value
    )
    text = json.dumps(body, ensure_ascii=ascii_only)
    if raw:
        text = text.replace("\\n", "\n").replace("\\t", "\t").replace("\\u0000", "\0")
    encoded = text.encode("utf-8", "surrogatepass")
    try:
        meant = json.loads(encoded, strict=False)
    except ValueError:
        return
    before = {item.key for item in capture.store.objects("raw")}
    answer = capture.send(encoded)
    assert answer.status_code in {200, 400, 401, 413}
    if answer.status_code != 200:
        assert answer.mimetype == "text/plain"
        assert {item.key for item in capture.store.objects("raw")} == before
        assert form in {"bare", "single", "list"}
        return
    (key,) = {item.key for item in capture.store.objects("raw")} - before
    lines = [json.loads(line) for line in zstd.decompress(capture.store.get(key)).splitlines()]
    for line, event in zip(lines, sent_events(meant), strict=True):
        assert line["event"] == (mended(event) if line.get("repaired") else event)
