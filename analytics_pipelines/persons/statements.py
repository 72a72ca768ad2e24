"""The statements of the person store, read from `sql/`."""

from functools import cache
from importlib.resources import files
from typing import LiteralString

# What an event's own properties say of its person without being asked (`$set`, and `$set_once` of `$initial_…`).
_MOBILE = ("$app_build", "$app_name", "$app_namespace", "$app_version")
_WEB = (
    *("$browser", "$browser_version", "$device_type", "$current_url", "$pathname", "$os", "$os_name", "$os_version"),
    *("$referring_domain", "$referrer", "$screen_height", "$screen_width", "$viewport_height", "$viewport_width"),
    "$raw_user_agent",
)
_CAMPAIGN = (
    *("utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_name", "utm_term", "gclid", "gad_source"),
    *("gclsrc", "dclid", "gbraid", "wbraid", "fbclid", "msclkid", "twclid", "li_fat_id", "mc_cid", "igshid", "ttclid"),
    *("rdt_cid", "irclid", "_kx", "epik", "qclid", "sccid"),
)
COPIED_PROPERTIES = _MOBILE + _WEB + _CAMPAIGN


@cache
def _file(name: str) -> LiteralString:
    return (files(__package__) / "sql" / f"{name}.sql").read_text().strip()


def for_clickhouse(name: str, **names: str) -> str:
    """`sql/<name>.sql` with the names of its tables put in."""
    copied = "[" + ", ".join(f"'{each}'" for each in COPIED_PROPERTIES) + "]"
    return _file(name).format(copied=copied, **names)


def for_postgres(name: str) -> LiteralString:
    """`sql/<name>.sql` as it stands."""
    return _file(name)
