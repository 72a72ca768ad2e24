"""What a user agent says of browser, system and device, in posthog-js' words. Pure.

The patterns stand here once: Python tries them in order, and ClickHouse gets them as SQL.
"""

import re
from collections.abc import Sequence

BROWSERS: Sequence[tuple[str, str]] = (
    ("OPR/|Opera/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Edge/|Edg/|EdgA/|EdgiOS/", "Microsoft Edge"),
    ("FBAN/FBIOS|FBIOS", "Facebook Mobile"),
    ("UCBrowser/|UCWEB", "UC Browser"),
    ("CriOS/", "Chrome iOS"),
    ("FxiOS/", "Firefox iOS"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Android.*Safari/", "Android Mobile"),
    ("Mobile/.*Safari/", "Mobile Safari"),
    ("Version/.*Safari/", "Safari"),
    ("MSIE |Trident/", "Internet Explorer"),
)

SYSTEMS: Sequence[tuple[str, str]] = (
    ("Windows Phone", "Windows Phone"),
    ("Windows", "Windows"),
    ("iPhone|iPad|iPod", "iOS"),
    ("Android", "Android"),
    ("Mac OS X|Macintosh", "Mac OS X"),
    ("CrOS", "Chrome OS"),
    ("Linux|X11", "Linux"),
)

DEVICES: Sequence[tuple[str, str]] = (
    ("iPad|Tablet|Kindle|Silk/", "Tablet"),
    ("Mobi|iPhone|iPod|Windows Phone", "Mobile"),
    ("Android", "Tablet"),
    (".", "Desktop"),
)

BOTS = (
    r"(?i)bot\b|crawl|spider|slurp|headless|lighthouse|pingdom|uptime|monitor|curl/|wget/|python-requests"
    "|facebookexternalhit|preview"
)

READ_FROM_USER_AGENT: dict[str, Sequence[tuple[str, str]]] = {
    "$browser": BROWSERS,
    "$os": SYSTEMS,
    "$device_type": DEVICES,
}
"""Property → its patterns. Read only where the SDK sent none."""


def named(agent: str, patterns: Sequence[tuple[str, str]]) -> str | None:
    """The name of the first pattern that is found.

    >>> named("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/140.0", BROWSERS)
    'Firefox'
    """
    return next((name for pattern, name in patterns if re.search(pattern, agent, re.DOTALL)), None)


def is_bot(agent: str) -> bool:
    """
    >>> is_bot("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")
    True
    """
    return re.search(BOTS, agent, re.ASCII) is not None


def as_sql(patterns: Sequence[tuple[str, str]]) -> str:
    """The same of a column `agent`, in ClickHouse's SQL."""
    tried = ", ".join(f"match(agent, '{pattern}'), '{name}'" for pattern, name in patterns)
    return f"multiIf({tried}, NULL)"


def bots_as_sql() -> str:
    """`is_bot` of a column `agent`, in ClickHouse's SQL."""
    return f"match(agent, '{BOTS}')".replace("\\", "\\\\")
