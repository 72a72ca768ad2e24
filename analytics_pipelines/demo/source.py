"""How visitors find the demo shop: referrers and campaign parameters. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """`referrer` is `$direct` or an address; the utm parts are None where the link carried none."""

    referrer: str
    referring_domain: str
    utm_source: str | None = None
    utm_medium: str | None = None
    utm_campaign: str | None = None

    @property
    def query(self) -> str:
        """What the landing page's address ends with."""
        pairs = [
            ("utm_source", self.utm_source),
            ("utm_medium", self.utm_medium),
            ("utm_campaign", self.utm_campaign),
        ]
        text = "&".join(f"{name}={value}" for name, value in pairs if value)
        return f"?{text}" if text else ""


def _from(domain: str, *utm: str) -> Source:
    return Source(f"https://{domain}/", domain, *utm)


DIRECT = Source("$direct", "$direct")
NEWSLETTER = Source("$direct", "$direct", "newsletter", "email", "weekly-letter")
CAMPAIGN = _from("www.instagram.com", "instagram", "paid-social", "trail-week")

# What a first visit came from, and its share; the campaign has days of its own.
FIRST = [
    (DIRECT, 27),
    (_from("www.google.com"), 30),
    (_from("www.bing.com"), 4),
    (_from("duckduckgo.com"), 4),
    (_from("www.google.com", "google", "cpc", "brand"), 9),
    (_from("www.google.com", "google", "cpc", "tents"), 7),
    (_from("www.instagram.com", "instagram", "social", "profile"), 6),
    (_from("www.youtube.com"), 4),
    (_from("trail-notes.example", "trail-notes", "referral", "gear-guide"), 6),
    (_from("www.reddit.com"), 3),
]

RETURNING = [(DIRECT, 58), (NEWSLETTER, 24), (_from("www.google.com"), 18)]
