"""posthog-js in one visitor's browser: its ids, its session, and the events as it words them. Pure."""

from collections.abc import Mapping
from datetime import datetime
from random import Random
from typing import Any
from uuid import UUID

from analytics_pipelines.demo.country import Country
from analytics_pipelines.demo.device import Device
from analytics_pipelines.demo.identifier import browser_id
from analytics_pipelines.demo.sending import Event
from analytics_pipelines.demo.source import Source

HOST = "www.larkspur-outfitters.example"
SITE = f"https://{HOST}"

_VERSION = "1.449.2"
_CHROME_HEIGHT = 110  # what a browser's own bars take of the screen, in pixels

_FROM_ENTRY = ("utm_source", "utm_medium", "utm_campaign")


class Browser:
    """Anonymous until `identify`; afterwards its events carry the user's id, in this session and in later ones."""

    def __init__(self, device: Device, country: Country, token: str, first_seen: datetime, random: Random) -> None:
        self.device = device
        self.anonymous_id = browser_id(first_seen, random)
        self.user_id: str | None = None
        self.company: str | None = None
        self._session: dict[str, Any] = {}
        self._initial: dict[str, Any] = {}
        width, height = device.screen
        self._fixed = {
            "token": token,
            "$device_id": self.anonymous_id,
            "$os": device.os,
            "$os_version": device.os_version,
            "$browser": device.browser,
            "$browser_version": device.browser_version,
            "$browser_language": country.language,
            "$device_type": device.type,
            "$raw_user_agent": device.user_agent,
            "$screen_width": width,
            "$screen_height": height,
            "$viewport_width": width,
            "$viewport_height": height - _CHROME_HEIGHT,
            "$timezone": country.timezone,
            "$timezone_offset": -int(country.offset.total_seconds()) // 60,
            "$lib": "web",
            "$lib_version": _VERSION,
            "$host": HOST,
            # No address of the demo leads anywhere, so what a look-up would have added stands here.
            "$geoip_country_code": country.code,
            "$geoip_country_name": country.name,
        }

    @property
    def distinct_id(self) -> str:
        """Who its events are of."""
        return self.user_id or self.anonymous_id

    def open_session(self, at: datetime, landing: str, source: Source, random: Random) -> None:
        """A new session that begins on the path `landing`."""
        session: dict[str, Any] = {
            "$session_id": browser_id(at, random),
            "$window_id": browser_id(at, random),
            "$referrer": source.referrer,
            "$referring_domain": source.referring_domain,
            "utm_source": source.utm_source,
            "utm_medium": source.utm_medium,
            "utm_campaign": source.utm_campaign,
            "$session_entry_url": f"{SITE}{landing}{source.query}",
            "$session_entry_pathname": landing,
            "$session_entry_host": HOST,
            "$session_entry_referrer": source.referrer,
            "$session_entry_referring_domain": source.referring_domain,
        }
        session.update({f"$session_entry_{name}": session[name] for name in _FROM_ENTRY})
        self._session = session
        if not self._initial:
            self._initial = {
                "$initial_current_url": session["$session_entry_url"],
                "$initial_pathname": landing,
                "$initial_host": HOST,
                "$initial_referrer": source.referrer,
                "$initial_referring_domain": source.referring_domain,
                **{f"$initial_{name}": session[name] for name in _FROM_ENTRY},
            }

    def capture(
        self, uuid: UUID, at: datetime, name: str, address: str, properties: Mapping[str, Any], **beside: Any
    ) -> Event:
        """The event as it is sent from the page at `address` (path and query); `beside` stands next to `properties`."""
        identified = self.user_id is not None
        own: dict[str, Any] = {
            "distinct_id": self.distinct_id,
            "$current_url": f"{SITE}{address}",
            "$pathname": address.partition("?")[0],
            "$is_identified": identified,
            "$process_person_profile": identified,
            "$insert_id": uuid.hex[:16],
            "$time": round(at.timestamp(), 3),
        }
        if identified:
            own["$user_id"] = self.user_id
        if self.company:
            own["$groups"] = {"company": self.company}
        return {
            "uuid": str(uuid),
            "event": name,
            "properties": {**self._fixed, **self._session, **own, **properties},
            "timestamp": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
            **beside,
        }

    def identify(self, uuid: UUID, at: datetime, address: str, user_id: str, traits: Mapping[str, Any]) -> Event:
        """`$identify`: from now on this browser's events are `user_id`'s."""
        self.user_id = user_id
        return self.capture(
            uuid,
            at,
            "$identify",
            address,
            {"$anon_distinct_id": self.anonymous_id},
            **{"$set": dict(traits), "$set_once": {"first_seen_in": "web", **self._initial}},
        )
