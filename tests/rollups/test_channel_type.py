"""Channel types: the first rule that fits names the road that a visit came by."""

from typing import Any

import pytest

from analytics_pipelines.rollups.channel_type import channel_type
from resources.clickhouse import ClickHouse

pytestmark = pytest.mark.engines

NAMES = ("campaign", "medium", "source", "referrer", "gclid", "gad_source", "fbclid")

# what is known of the visit → its type
CASES: list[tuple[dict[str, str], str]] = [
    ({}, "Unknown"),
    ({"referrer": "$direct"}, "Direct"),
    ({"referrer": "$direct", "source": "(direct)"}, "Direct"),
    ({"referrer": "$direct", "source": "direct"}, "Direct"),
    ({"referrer": "$direct", "source": "partner"}, "Direct"),
    ({"referrer": "$direct", "medium": "email"}, "Email"),
    ({"referrer": "$direct", "fbclid": "x"}, "Organic Social"),
    ({"referrer": "blog.example"}, "Referral"),
    ({"source": "partner"}, "Unknown"),
    # one rule above all
    ({"campaign": "Summer Cross-Network", "medium": "cpc", "source": "google"}, "Cross Network"),
    # what was paid for
    *(({"medium": medium, "source": "google"}, "Paid Search") for medium in ("cpc", "CPM", "cpv", "cpa", "ppc")),
    ({"medium": "retargeting", "source": "facebook"}, "Paid Social"),
    ({"medium": "paid_social", "source": "facebook"}, "Paid Social"),
    ({"medium": "paidsearch", "referrer": "www.bing.com"}, "Paid Search"),
    ({"medium": "cpc", "source": "ebay"}, "Paid Shopping"),
    ({"medium": "cpc", "source": "youtube"}, "Paid Video"),
    ({"medium": "cpc", "source": "google", "campaign": "shopping"}, "Paid Search"),
    ({"medium": "cpc", "campaign": "winter shop"}, "Paid Shopping"),
    ({"medium": "cpc", "campaign": "shopping_ads"}, "Paid Shopping"),
    ({"medium": "cpc", "campaign": "my eshop"}, "Paid Shopping"),
    ({"medium": "cpc", "campaign": "a workshop"}, "Paid Unknown"),
    ({"medium": "cpm", "source": "somewhere"}, "Display"),
    ({"medium": "cpm", "source": "somewhere", "campaign": "video"}, "Display"),
    ({"medium": "cpc", "referrer": "www.google.de"}, "Paid Search"),
    ({"medium": "cpc", "source": "somewhere", "referrer": "m.facebook.com"}, "Paid Social"),
    ({"gclid": "x", "referrer": "www.google.com"}, "Paid Search"),
    ({"gclid": "x"}, "Paid Unknown"),
    ({"gclid": "x", "campaign": "a video of it"}, "Paid Video"),
    ({"gad_source": "1"}, "Paid Search"),
    ({"gad_source": "5"}, "Paid Unknown"),
    ({"gad_source": "5", "fbclid": "x"}, "Paid Social"),
    ({"medium": "cpc", "fbclid": "x"}, "Paid Social"),
    ({"medium": "cpc", "referrer": "$direct"}, "Paid Unknown"),
    # what was not
    *(({"source": source}, "Organic Search") for source in ("google", "Bing", "duckduckgo", "yandex.ru", "ecosia")),
    *(({"source": source}, "Organic Social") for source in ("facebook", "fb", "t.co", "linkedin", "reddit", "ig")),
    ({"source": "amazon"}, "Organic Shopping"),
    ({"source": "vimeo"}, "Organic Video"),
    ({"source": "newsletter"}, "Email"),
    ({"source": "chatgpt.com"}, "AI Assistant"),
    ({"source": "partner", "campaign": "shop now"}, "Organic Shopping"),
    ({"source": "google", "medium": "email"}, "Organic Search"),
    *(({"medium": medium}, "Email") for medium in ("email", "e-mail", "E mail", "e_mail")),
    ({"medium": "affiliate"}, "Affiliate"),
    ({"medium": "audio"}, "Audio"),
    ({"medium": "sms"}, "SMS"),
    ({"medium": "banner"}, "Display"),
    ({"medium": "social"}, "Organic Social"),
    ({"medium": "video"}, "Organic Video"),
    ({"medium": "referral", "referrer": "www.google.com"}, "Referral"),
    ({"medium": "organic"}, "Organic Search"),
    ({"medium": "push"}, "Push"),
    ({"medium": "web-push"}, "Push"),
    ({"medium": "pushy"}, "Unknown"),
    ({"referrer": "www.google.com"}, "Organic Search"),
    ({"referrer": "www.google.co.uk"}, "Organic Search"),
    ({"referrer": "google.com.br"}, "Organic Search"),
    ({"referrer": "search.yahoo.co.jp"}, "Organic Search"),
    ({"referrer": "com.google.android.googlequicksearchbox"}, "Organic Search"),
    ({"referrer": "www.amazon.de"}, "Organic Shopping"),
    ({"referrer": "l.instagram.com"}, "Organic Social"),
    ({"referrer": "old.reddit.com"}, "Organic Social"),
    ({"referrer": "m.youtube.com"}, "Organic Video"),
    ({"referrer": "mail.google.com"}, "Email"),
    ({"referrer": "gemini.google.com"}, "AI Assistant"),
    ({"referrer": "google.evil.example"}, "Referral"),
    ({"referrer": "bing.vercel.app"}, "Referral"),
    ({"referrer": "notgoogle.com"}, "Referral"),
    ({"referrer": "blog.example", "campaign": "our video"}, "Organic Video"),
    ({"referrer": "blog.example", "fbclid": "x"}, "Organic Social"),
    # what says nothing counts as missing
    (dict.fromkeys(NAMES, ""), "Unknown"),
    (dict.fromkeys(NAMES, "null"), "Unknown"),
    ({"medium": "null", "source": "", "referrer": "$direct"}, "Direct"),
    ({"source": "' OR 1=1", "medium": "\\", "campaign": "'"}, "Unknown"),
]


@pytest.fixture(scope="module")
def types(engines: Any) -> list[str]:
    """The type of each case, by one statement."""
    clickhouse = ClickHouse(engines.clickhouse_url("default"))
    rows = [[number, *(case.get(name) for name in NAMES)] for number, (case, _) in enumerate(CASES)]
    clickhouse.command(
        "CREATE OR REPLACE TABLE visits_of_channels"
        f" (number UInt32, {', '.join(f'{name} Nullable(String)' for name in NAMES)}) ENGINE = Memory"
    )
    clickhouse.insert_rows("visits_of_channels", rows, ["number", *NAMES])
    found = clickhouse.query(
        f"SELECT {channel_type({name: name for name in NAMES})} FROM visits_of_channels ORDER BY number"
    )
    clickhouse.command("DROP TABLE visits_of_channels")
    return [row[0] for row in found.rows]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param(number, expected, id=f"{' '.join(f'{k}={v}' for k, v in case.items()) or 'nothing'} → {expected}")
        for number, (case, expected) in enumerate(CASES)
    ],
)
def test_channel_type(types: list[str], number: int, expected: str) -> None:
    assert types[number] == expected
