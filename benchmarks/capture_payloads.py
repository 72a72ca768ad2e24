"""Requests as posthog-js and the server SDKs make them, of events of about 1.26 KB."""

import gzip
import json
import random
from dataclasses import dataclass
from typing import Any
from uuid import UUID

_PAGES = ("", "pricing", "docs/getting-started", "blog/what-we-learnt", "account/settings", "checkout/payment")
_NAMES = ("$pageview", "$pageleave", "$autocapture", "checkout started", "plan chosen")
_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"


@dataclass(frozen=True)
class Payload:
    """One request, and what is in it. `rows`: the same events, one a line, for what takes no envelope."""

    name: str
    title: str
    events: int
    path: str
    headers: dict[str, str]
    body: bytes
    rows: bytes

    @property
    def packed(self) -> bool:
        """Whether it is sent compressed."""
        return "Content-Encoding" in self.headers


def payloads(token: str) -> list[Payload]:
    """The three that are measured. The same for the same token."""
    return [
        _payload("single", "one event, plain, to `/e/`", _events(1, token), None),
        _payload("b50gz", "50 events, gzip, to `/batch/`", _events(50, token), token, packed=True),
        _payload("b100", "100 events, plain, to `/batch/`", _events(100, token), token),
    ]


def _payload(
    name: str, title: str, events: list[dict[str, Any]], token: str | None, *, packed: bool = False
) -> Payload:
    """Without a token the one event stands alone, and names its project itself."""
    whole = events[0] if token is None else {"api_key": token, "batch": events, "sent_at": "2026-11-24T10:00:03.000Z"}
    body, rows = _json(whole), b"\n".join(map(_json, events))
    headers = {"Content-Type": "application/json", "User-Agent": _AGENT}
    if packed:
        headers["Content-Encoding"] = "gzip"
        body, rows = gzip.compress(body, 6, mtime=0), gzip.compress(rows, 6, mtime=0)
    return Payload(name, title, len(events), "/e/" if token is None else "/batch/", headers, body, rows)


def events(number: int, token: str, chance: random.Random) -> list[dict[str, Any]]:
    """So many events, by chance."""
    return [_event(chance, token) for _ in range(number)]


def _events(number: int, token: str) -> list[dict[str, Any]]:
    return events(number, token, random.Random(number))  # noqa: S311  the same at each run


def _event(chance: random.Random, token: str) -> dict[str, Any]:
    page = chance.choice(_PAGES)
    user = chance.randrange(10_000)
    return {
        "uuid": _uuid(chance),
        "event": chance.choice(_NAMES),
        "properties": {
            "$os": "Linux",
            "$os_version": "6.1.0",
            "$browser": "Chrome",
            "$device_type": "Desktop",
            "$current_url": f"https://shop.example.com/{page}?utm_source=newsletter&item={chance.randrange(10**6)}",
            "$host": "shop.example.com",
            "$pathname": f"/{page}",
            "$raw_user_agent": _AGENT,
            "$browser_version": 141,
            "$browser_language": "en-GB",
            "$browser_language_prefix": "en",
            "$screen_height": 1080,
            "$screen_width": 1920,
            "$viewport_height": chance.randrange(600, 1000),
            "$viewport_width": chance.randrange(1200, 1900),
            "$lib": "web",
            "$lib_version": "1.335.0",
            "$insert_id": f"{chance.randrange(16**16):016x}",
            "$time": 1795514400 + chance.randrange(10**6) / 1000,
            "distinct_id": f"user-{user}",
            "$device_id": _uuid(chance),
            "$user_id": f"user-{user}",
            "$session_id": _uuid(chance),
            "$window_id": _uuid(chance),
            "$pageview_id": _uuid(chance),
            "$referrer": "https://www.example.org/search",
            "$referring_domain": "www.example.org",
            "$is_identified": True,
            "$process_person_profile": True,
            "title": "A shop for examples",
            "$timezone": "Europe/Lisbon",
            "plan": chance.choice(("free", "pro", "team")),
            "token": token,
        },
        "timestamp": f"2026-11-24T10:00:{chance.randrange(60):02d}.{chance.randrange(1000):03d}Z",
    }


def _uuid(chance: random.Random) -> str:
    """Of version 7, as the SDKs make them."""
    head = (0x019AB4E0_0000 + chance.randrange(10**6)) << 80 | 7 << 76 | 2 << 62
    return str(UUID(int=head | chance.getrandbits(12) << 64 | chance.getrandbits(62)))


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
