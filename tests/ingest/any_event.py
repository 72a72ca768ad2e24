"""Events as no SDK would send them, and as all do: a strategy for lines of raw objects."""

import json
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

RECEIVED_MS = 1_795_516_200_000  # 2026-11-24T10:30:00Z

_CHARACTERS = st.characters(exclude_categories=("Cs",))
_TEXTS = st.one_of(
    st.sampled_from(["", " ", "\t", "ada", "null", "Ünïcode 😀", "a\0b", 'a "quote" \\', "{", "{}", "[", "true", "1"]),
    st.just("\x1f\u2028/\x7f"),
    st.text(_CHARACTERS, max_size=12),
    st.text(st.sampled_from("aé😀"), min_size=190, max_size=210),
)
_NUMBERS = st.one_of(
    st.integers(-(2**63), 2**64 - 1),
    st.integers(-5, 5),
    st.sampled_from([0.5, 1.5, -0.25, 1e21, 1e-7, 123456.789, 1e15]),
)
_SCALARS = st.one_of(st.none(), st.booleans(), _NUMBERS, _TEXTS)
_VALUES = st.one_of(
    _SCALARS, st.lists(_SCALARS, max_size=3), st.dictionaries(st.sampled_from(["a", "b", "é"]), _SCALARS, max_size=3)
)

_SAID_OF_TIME = """
2026-11-24T10:29:50.5Z | 2026-11-24T10:29:50.123456+02:00 | 2026-11-24T10:29:50+02 | 2026-11-24T10:29:50-0530 |
2026-11-24T10:29:50.1234567Z | 2026-11-24t10:29:50z | 2026-11-24 | 2026-11-24 10:29:50 | 2026/11/24 10:29:50 |
2026/1/4 | 11/24/2026 | 1/2/2026 3:04 | 13/11/2026 | Tue, 24 Nov 2026 10:29:50 +0000 |
24 Nov 2026 10:29:50 GMT | 1795516190 | 1795516190.25 | 1795516190123 | 1795516190123456 | 1795516190123456789 |
2026-11-24T10:29 | 2026-11-24T10:29:60Z | 2026-11-24T24:00:00Z | 2026-11-24T25:00:00Z |
2026-11-24T10:29:50+99:99 | 2026-02-30T00:00:00Z | 2026-13-01 | 2024-02-29 | 2023-02-29 | 2026-11-24T10:29:50 |
2026-11-24T10:29:50 UTC | 2026-11-24T10:29:50 EST | 10:29 | now | 1 | 12 | 1 2 3 | 2026 | 20261124 | 26-11-24 |
2026-11-26T10:29:50Z | 2026-11-25T09:29:00Z | 2026-11-25T09:31:00Z | 2999-01-01 | 1899-12-31T23:59:59Z |
1900-01-01 | 1969-12-31T23:59:59.999999Z | 0001-01-01T00:00:00Z | 9999-12-31T23:59:59Z | 1601-01-01 |
0000-00-00 | {} | nonsense | 2026-11-24T10:29:50.Z | 2026-11/24 | Tue Nov 24 2026 10:29:50 GMT+0200 (CEST) |
2026-11-24T1:2:3Z
"""
_MOMENTS = st.sampled_from(
    [
        *_SAID_OF_TIME.strip().replace("|\n", "| ").split(" | "),
        " 2026-11-24T10:29:50Z ",
        "\uff12\uff10\uff12\uff16-11-24",
        1795516190,
        1795516190.5,
    ]
)
_WHEN = st.one_of(_MOMENTS, _SCALARS)

_SAID_BY_BROWSERS = """
(X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36
(Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36 Edg/140.0
(iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1
(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15
(Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile Safari/537.36
(Android 15; Tablet; rv:140.0) Gecko/140.0 Firefox/140.0
(compatible; Googlebot/2.1; +http://www.google.com/bot.html)
(Windows NT 10.0; Trident/7.0; rv:11.0) like Gecko
"""
_AGENTS = st.one_of(
    st.sampled_from([f"Mozilla/5.0 {each}" for each in _SAID_BY_BROWSERS.strip().splitlines()]),
    st.sampled_from(["posthog-python/7.91.1", "curl/8.0", "", "Mozilla/", "cubot\xe9", "ROBOT", "Mozilla/5.0\nbot"]),
)
_UUIDS = st.sampled_from(
    ["0190A1B2-0000-7000-8000-00000000AAAA", "0190a1b2-0000-7000-8000-00000000aaaa", "0190A1B2", "Ünicode-SESSION"]
)
_HOSTS = st.sampled_from(
    ["shop.example.co.uk:8080", "WWW.Example.com", "localhost", "127.0.0.1:80", "", "a..b", 5, None]
)
_ADDRESSES = st.sampled_from(["203.0.113.7", "2001:db8::1", "", None, 7, "127.0.0.1"])
_IDS = st.one_of(st.just("ada"), st.just("$posthog_cookieless"), _VALUES)
_MODES = st.one_of(st.booleans(), st.sampled_from([None, 0, 1, "true", "false", [], {}]))

_ELEMENTS = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {},
            optional={
                "tag_name": st.one_of(st.sampled_from(["a", "button"]), _SCALARS),
                "$el_text": _SCALARS,
                "text": _TEXTS,
                "attr__class": st.sampled_from(["b a", " x\ty ", "", "é 😀", "b b"]),
                "attr__id": _SCALARS,
                "attr__href": _TEXTS,
                "nth_child": _NUMBERS,
                "nth_of_type": _SCALARS,
                "classes": st.just(["a"]),
                "order": st.just(1),
            },
        ),
        _SCALARS,
    ),
    max_size=3,
)

_PROPERTIES = st.fixed_dictionaries(
    {},
    optional={
        "distinct_id": _IDS,
        "$ip": st.one_of(_ADDRESSES, _SCALARS),
        "$raw_user_agent": st.one_of(_AGENTS, _SCALARS),
        "$process_person_profile": _MODES,
        "$ignore_sent_at": _MODES,
        "$cookieless_mode": _MODES,
        "$elements_chain": st.one_of(st.none(), _TEXTS, _VALUES),
        "$elements": st.one_of(_ELEMENTS, _VALUES),
        "$groups": st.one_of(st.dictionaries(st.sampled_from(["company", "é", "1"]), _VALUES, max_size=3), _VALUES),
        "$session_id": st.one_of(_UUIDS, _SCALARS),
        "$geoip_disable": st.booleans(),
        "$lib": st.one_of(st.just("web"), _SCALARS),
        "$host": _HOSTS,
        "$browser": _VALUES,
        "$os": _SCALARS,
        "$device_type": st.one_of(st.none(), _SCALARS),
        "$current_url": _VALUES,
        "utm_source": _VALUES,
        "$set": st.one_of(st.dictionaries(st.sampled_from(["email", "plan", 'q"\\']), _VALUES, max_size=3), _VALUES),
        "$set_once": st.one_of(st.dictionaries(st.sampled_from(["email", "é"]), _VALUES, max_size=2), _VALUES),
        "plan": _VALUES,
    },
)

_NAMES = st.one_of(
    st.sampled_from(["$pageview", "$identify", "$create_alias", "$merge_dangerously", "$groupidentify"]),
    st.sampled_from(["page", "$$client_ingestion_warning"]),
    st.text(st.sampled_from("aé😀"), min_size=195, max_size=205),
    _VALUES,
)

EVENTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "event": _NAMES,
        "properties": st.one_of(_PROPERTIES, _PROPERTIES, _PROPERTIES, _VALUES, _PROPERTIES.map(json.dumps)),
    },
    optional={
        "distinct_id": _IDS,
        "$distinct_id": _IDS,
        "timestamp": _WHEN,
        "offset": st.one_of(st.integers(-(10**5), 10**9), _NUMBERS, _SCALARS, st.sampled_from(["5", "-7", "1.5"])),
        "elements_chain": _TEXTS,
        "$set": st.one_of(st.dictionaries(st.sampled_from(["email", "plan", 'q"\\']), _VALUES, max_size=3), _VALUES),
        "$set_once": st.one_of(st.dictionaries(st.sampled_from(["email", "é"]), _VALUES, max_size=2), _VALUES),
        "$unset": _VALUES,
        "type": _VALUES,
    },
)


@st.composite
def _envelopes(draw: st.DrawFn) -> tuple[dict[str, Any], bool, tuple[str, str]]:
    envelope = {
        "received_at": draw(st.sampled_from([RECEIVED_MS, RECEIVED_MS + 999, 1, 0, -5, 7258118400001])),
        "sent_at": draw(st.one_of(st.none(), _MOMENTS.map(str), _TEXTS)),
        "ip": draw(st.sampled_from(["203.0.113.9", "", "::1"])),
        "user_agent": draw(_AGENTS),
        "project": draw(st.sampled_from([1, 2, -1])),
        "event": draw(EVENTS),
    }
    return envelope, draw(st.booleans()), draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\t", " : ")]))


def lines(most: int) -> st.SearchStrategy[list[bytes]]:
    """Lines that wrap any events, their JSON written in one of the ways that clients write it."""
    return st.lists(_envelopes(), min_size=1, max_size=most).map(
        lambda drawn: [
            json.dumps(
                {**envelope, "uuid": str(UUID(int=number))}, ensure_ascii=is_ascii, separators=separators
            ).encode()
            for number, (envelope, is_ascii, separators) in enumerate(drawn)
        ]
    )
