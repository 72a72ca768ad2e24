"""Requests as old and new SDKs send them, written down word for word where their own programs can't be run here."""

import base64
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_plus

# The client's clock when it sends: months off from ours, so that a time that was not corrected is seen.
SENT_AT = datetime(2026, 5, 6, 7, 8, 10, 500000, UTC)
SENT_AT_MS = int(SENT_AT.timestamp() * 1000)
JS_UA = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
UUIDS = [f"0190a1b2-0000-7000-8000-{number:012x}" for number in range(20)]


@dataclass(frozen=True)
class Expected:
    """A row: `ago` before it was received, or `at` that very time."""

    event: str
    distinct_id: str
    ago: timedelta | None = None
    at: datetime | None = None
    uuid: str | None = None
    properties: dict[str, Any] = field(default_factory=dict)  # among others
    elements_chain: str = ""


@dataclass(frozen=True)
class Recording:
    """One request, made for a token, and the rows that come of it."""

    name: str
    target: str
    body: Callable[[str], bytes]
    expected: list[Expected]
    headers: dict[str, str] = field(default_factory=dict)
    method: str = "POST"
    answer: tuple[int, bytes] = (200, b'{"status":"Ok"}')


def ms(number: int) -> timedelta:
    return timedelta(milliseconds=number)


def us(number: int) -> timedelta:
    return timedelta(microseconds=number)


def dumped(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def zipped(value: Any) -> bytes:
    return gzip.compress(dumped(value))


def form(value: Any) -> bytes:
    return b"data=" + quote_plus(base64.b64encode(dumped(value)).decode()).encode()


# §9.1 posthog-python 7.91.1
_PY = {"$python_runtime": "CPython", "$os": "Linux", "$lib": "posthog-python", "$lib_version": "7.91.1"}
_EXCEPTION = {
    "mechanism": {"exception_id": 0, "type": "generic", "handled": True, "synthetic": False},
    "module": None,
    "type": "ZeroDivisionError",
    "value": "division by zero",
    "stacktrace": {
        "frames": [{"platform": "python", "filename": "rec.py", "lineno": 21, "in_app": True}],
        "type": "raw",
    },
}


def _python(token: str) -> dict[str, Any]:
    def event(place: int, name: str, distinct_id: str, properties: dict[str, Any], **beside: Any) -> dict[str, Any]:
        return {
            "event": name,
            "distinct_id": distinct_id,
            "uuid": UUIDS[place],
            "timestamp": f"2026-05-06T07:08:10.{400000 + place:06d}+00:00",
            "properties": {**properties, **_PY},
            **beside,
        }

    return {
        "batch": [
            event(0, "my event", "user-1", {"a": 1, "d": "2026-01-02T03:04:05", "inf": None, "$geoip_disable": True}),
            event(1, "$set", "user-1", {}, **{"$set": {"email": "a@b.c"}}),
            event(2, "$set_once", "user-1", {}, **{"$set_once": {"first": "x"}}),
            event(3, "$create_alias", "anon-1", {"distinct_id": "anon-1", "alias": "user-1"}),
            event(4, "$groupidentify", "64b3dae4-7c5f-4f0b-8a55-3e9d0d1c2b3a", {
                "$group_type": "company", "$group_key": "acme", "$group_set": {"name": "Acme", "n": 3},
            }),
            event(5, "with groups", "user-1", {"$groups": {"company": "acme"}}),
            event(6, "anon server event", "7793e266-1111-4222-8333-444444444444", {"$process_person_profile": False}),
            event(7, "ts event", "user-1", {}, timestamp="2019-05-06T07:08:09.123456+00:00"),
            event(8, "$exception", "user-1", {"$exception_list": [_EXCEPTION], "$exception_level": "error"}),
        ],
        "historical_migration": False,
        "sent_at": SENT_AT.isoformat(),
        "api_key": token,
    }  # fmt: skip


_PYTHON_ROWS = [
    Expected("ts event", "user-1", SENT_AT - datetime(2019, 5, 6, 7, 8, 9, 123456, UTC), uuid=UUIDS[7]),
    Expected(
        "my event", "user-1", us(100_000), uuid=UUIDS[0], properties={"a": 1, "inf": None, "$geoip_disable": True}
    ),
    Expected("$set", "user-1", us(99_999), uuid=UUIDS[1]),
    Expected("$set_once", "user-1", us(99_998), uuid=UUIDS[2]),
    Expected("$create_alias", "anon-1", us(99_997), uuid=UUIDS[3], properties={"alias": "user-1"}),
    Expected("$groupidentify", "64b3dae4-7c5f-4f0b-8a55-3e9d0d1c2b3a", us(99_996), uuid=UUIDS[4]),
    Expected("with groups", "user-1", us(99_995), uuid=UUIDS[5], properties={"$groups": {"company": "acme"}}),
    Expected("anon server event", "7793e266-1111-4222-8333-444444444444", us(99_994), uuid=UUIDS[6]),
    Expected("$exception", "user-1", us(99_992), uuid=UUIDS[8], properties={"$exception_list": [_EXCEPTION]}),
]
_PY_HEADERS = {"User-Agent": "posthog-python/7.91.1", "Content-Type": "application/json"}


# §9.4 posthog-node 5.70.0
def _node(token: str) -> dict[str, Any]:
    lib = {"$lib": "posthog-node", "$lib_version": "5.70.0", "$is_server": True, "$geoip_disable": True}
    time = "2026-05-06T07:08:09.123Z"
    events = [
        ("my event", "user-1", {"x": 1, "$set": {"plan": "pro"}}),
        ("$identify", "user-1", {"$set": {"email": "a@b.c"}, "$set_once": {}, "$anon_distinct_id": "anon-2"}),
        ("$create_alias", "user-1", {"distinct_id": "user-1", "alias": "anon-1"}),
        ("$groupidentify", "$company_acme", {"$group_type": "company", "$group_key": "acme", "$group_set": {}}),
    ]
    return {
        "api_key": token,
        "batch": [
            {"event": name, "properties": {**more, **lib}, "timestamp": time, "uuid": UUIDS[place], "distinct_id": who}
            for place, (name, who, more) in enumerate(events)
        ],
        "sent_at": "2026-05-06T07:08:10.500Z",
    }


_NODE_ROWS = [
    Expected("my event", "user-1", ms(1377), uuid=UUIDS[0], properties={"$set": {"plan": "pro"}}),
    Expected("$identify", "user-1", ms(1377), uuid=UUIDS[1], properties={"$anon_distinct_id": "anon-2"}),
    Expected("$create_alias", "user-1", ms(1377), uuid=UUIDS[2], properties={"alias": "anon-1"}),
    Expected("$groupidentify", "$company_acme", ms(1377), uuid=UUIDS[3]),
]

# §9.5 posthog-js 1.449.2: who it is stands in the properties only
_JS_HEADERS = {"Content-Type": "text/plain", "Origin": "https://shop.example", "User-Agent": JS_UA}
_CHAIN = 'button.btn.primary:attr__class="btn primary"attr__id="b"nth-child="1"text="Click";body:nth-child="2"'


def _js(token: str) -> dict[str, Any]:
    base = {"token": token, "distinct_id": "0190-anon", "$device_id": "0190-anon", "$lib": "web", "utm_source": None}
    page = {**base, "$current_url": "https://shop.example/?q=ü", "$process_person_profile": False}
    who = {**base, "distinct_id": "user-1", "$anon_distinct_id": "0190-anon", "$is_identified": True}
    click = {**base, "$event_type": "click", "$ce_version": 1, "$elements_chain": _CHAIN}
    times = [f"2026-05-06T07:08:{second}.500Z" for second in ("08", "09", "10")]
    return {
        "api_key": token,
        "batch": [
            {"uuid": UUIDS[0], "event": "$pageview", "properties": page, "timestamp": times[0]},
            {"uuid": UUIDS[1], "event": "$identify", "properties": who, "timestamp": times[1],
             "$set": {"email": "a@b.c"}, "$set_once": {"$initial_utm_source": None}},
            {"uuid": UUIDS[2], "event": "$autocapture", "properties": click, "timestamp": times[2]},
        ],
        "sent_at": "2026-05-06T07:08:10.500Z",
    }  # fmt: skip


_JS_ROWS = [
    Expected("$pageview", "0190-anon", ms(2000), uuid=UUIDS[0], properties={"$current_url": "https://shop.example/?q=ü"}),
    Expected("$identify", "user-1", ms(1000), uuid=UUIDS[1], properties={"$anon_distinct_id": "0190-anon"}),
    Expected("$autocapture", "0190-anon", ms(0), uuid=UUIDS[2], elements_chain=_CHAIN),
]  # fmt: skip


# §9.6 posthog-js 1.200.0: single objects and bare arrays, `_` for the time of sending, `offset` for that of the event
def _old_single(token: str, name: str = "$pageview") -> dict[str, Any]:
    return {
        "uuid": UUIDS[0],
        "event": name,
        "properties": {"token": token, "distinct_id": "0190-anon", "$lib": "web", "$lib_version": "1.200.0"},
        "timestamp": "2026-05-06T07:08:10.000Z",
    }


def _old_array(token: str) -> list[dict[str, Any]]:
    properties = {"token": token, "distinct_id": "user-1", "$lib": "web", "$lib_version": "1.200.0"}
    return [
        {"uuid": UUIDS[1], "event": "$autocapture", "properties": {**properties, "$elements_chain": _CHAIN},
         "$set_once": {"$initial_referrer": "$direct"}, "offset": 1848},
        {"uuid": UUIDS[2], "event": "custom", "properties": properties, "offset": 3},
        {"uuid": UUIDS[3], "event": "$pageleave", "properties": properties, "offset": 0},
    ]  # fmt: skip


_OLD = f"/e/?ip=1&_={SENT_AT_MS}&ver=1.200.0"
_OLD_ROWS = [
    Expected("$autocapture", "user-1", ms(1848), uuid=UUIDS[1], elements_chain=_CHAIN),
    Expected("custom", "user-1", ms(3), uuid=UUIDS[2]),
    Expected("$pageleave", "user-1", ms(0), uuid=UUIDS[3]),
]
_JS_PLAIN = {**_JS_HEADERS, "Content-Type": "application/json"}
_FORM = {**_JS_HEADERS, "Content-Type": "application/x-www-form-urlencoded"}


# §9.7 mobile: /batch without a slash
def _mobile(token: str, lib: str, *, sent_at: str | None = "sent_at") -> dict[str, Any]:
    properties = {"$lib": lib, "$app_version": "1.0", "$session_id": "0190A1B2-0000-7000-8000-00000000AAAA"}
    return {
        "api_key": token,
        "batch": [
            {"event": "Application Opened", "distinct_id": "device-1", "uuid": UUIDS[0].upper(),
             "timestamp": "2026-05-06T07:08:09.250Z", "properties": properties},
            {"event": "$screen", "distinct_id": "device-1", "uuid": UUIDS[1],
             "timestamp": "2026-05-06T09:08:09.750+02:00", "properties": {**properties, "$screen_name": "Main"}},
        ],
        **({sent_at: "2026-05-06T07:08:10.500Z"} if sent_at else {}),
    }  # fmt: skip


_MOBILE_ROWS = [
    Expected("Application Opened", "device-1", ms(1250), uuid=UUIDS[0], properties={"$app_version": "1.0"}),
    Expected("$screen", "device-1", ms(750), uuid=UUIDS[1], properties={"$screen_name": "Main"}),
]
_MOBILE_AS_SAID = [
    Expected("Application Opened", "device-1", at=datetime(2026, 5, 6, 7, 8, 9, 250000, UTC), uuid=UUIDS[0]),
    Expected("$screen", "device-1", at=datetime(2026, 5, 6, 7, 8, 9, 750000, UTC), uuid=UUIDS[1]),
]
_MOBILE_HEADERS = {"Content-Type": "application/json; charset=utf-8", "Content-Encoding": "gzip"}


def _get(token: str) -> bytes:
    value = {"token": token, "event": "opened mail", "properties": {"distinct_id": 23, "campaign": "ü"}}
    return quote_plus(base64.b64encode(dumped(value)).decode()).encode()


RECORDINGS = [
    Recording("python", "/batch/", lambda token: dumped(_python(token)), _PYTHON_ROWS, _PY_HEADERS),
    Recording(
        "python, gzip, historical",
        "/batch/",
        lambda token: zipped({**_python(token), "historical_migration": True}),
        _PYTHON_ROWS,
        {**_PY_HEADERS, "Content-Encoding": "gzip"},
    ),
    Recording(
        "node, gzip",
        "/batch/",
        lambda token: zipped(_node(token)),
        _NODE_ROWS,
        {"User-Agent": "posthog-node/5.70.0", "Content-Type": "application/json", "Content-Encoding": "gzip"},
    ),
    Recording(
        "node, plain", "/batch/", lambda token: dumped(_node(token)), _NODE_ROWS, {"Content-Type": "application/json"}
    ),
    Recording("js, before its configuration", "/e/", lambda token: zipped(_js(token)), _JS_ROWS, _JS_HEADERS),
    Recording("js", "/i/v0/e/", lambda token: zipped(_js(token)), _JS_ROWS, _JS_HEADERS),
    Recording("js, again", "/i/v0/e/?retry_count=1", lambda token: zipped(_js(token)), _JS_ROWS, _JS_HEADERS),
    Recording(
        "js, plain",
        "/i/v0/e/",
        lambda token: dumped(_js(token)),
        _JS_ROWS,
        _JS_PLAIN,
    ),
    Recording("js, form", "/e/?compression=base64", lambda token: form(_js(token)), _JS_ROWS, _FORM),
    Recording("js, beacon", "/e/?beacon=1", lambda token: zipped(_js(token)), _JS_ROWS, _JS_HEADERS, answer=(204, b"")),
    Recording(
        "old js, one event",
        f"{_OLD}&compression=gzip-js",
        lambda token: zipped(_old_single(token)),
        [Expected("$pageview", "0190-anon", ms(500), uuid=UUIDS[0])],
        _JS_HEADERS,
    ),
    Recording(
        "old js, one event, plain",
        _OLD,
        lambda token: dumped(_old_single(token, "$identify")),
        [Expected("$identify", "0190-anon", ms(500), uuid=UUIDS[0])],
        _JS_PLAIN,
    ),
    Recording(
        "old js, queue", f"{_OLD}&compression=gzip-js", lambda token: zipped(_old_array(token)), _OLD_ROWS, _JS_HEADERS
    ),
    Recording(
        "old js, queue, plain",
        _OLD,
        lambda token: dumped(_old_array(token)),
        _OLD_ROWS,
        _JS_PLAIN,
    ),
    Recording(
        "old js, queue, form", f"{_OLD}&compression=base64", lambda token: form(_old_array(token)), _OLD_ROWS, _FORM
    ),
    Recording(
        "Android", "/batch", lambda token: zipped(_mobile(token, "posthog-android")), _MOBILE_ROWS, _MOBILE_HEADERS
    ),
    Recording("iOS", "/batch", lambda token: zipped(_mobile(token, "posthog-ios")), _MOBILE_ROWS, _MOBILE_HEADERS),
    Recording(
        "iOS, body not compressed although the header says so",
        "/batch",
        lambda token: dumped(_mobile(token, "posthog-ios")),
        _MOBILE_ROWS,
        _MOBILE_HEADERS,
    ),
    Recording(
        "mobile, time of sending under a name that capture does not know",
        "/batch",
        lambda token: zipped(_mobile(token, "posthog-android", sent_at="sentAt")),
        _MOBILE_AS_SAID,
        _MOBILE_HEADERS,
    ),
    Recording(
        "mobile, no time of sending",
        "/batch",
        lambda token: zipped(_mobile(token, "posthog-android", sent_at=None)),
        _MOBILE_AS_SAID,
        _MOBILE_HEADERS,
    ),
    Recording(
        "pixel in a mail",
        "/e/?ip=1&data={}",
        _get,
        [Expected("opened mail", "23", ms(0), properties={"campaign": "ü"})],
        method="GET",
    ),
    Recording(
        "pixel at the oldest address",
        "/track/?data={}&_=" + str(SENT_AT_MS),
        _get,
        [Expected("opened mail", "23", ms(0), properties={"campaign": "ü"})],
        method="GET",
    ),
]
