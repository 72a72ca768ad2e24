"""What the demo shop's visitors hold in their hands. Pure."""

from dataclasses import dataclass
from typing import Literal

DeviceType = Literal["Desktop", "Mobile", "Tablet"]


@dataclass(frozen=True)
class Device:
    """A browser on a machine, in posthog-js's words. `screen` in pixels; `weight` is its share among the others."""

    type: DeviceType
    os: str
    os_version: str
    browser: str
    browser_version: int
    user_agent: str
    screen: tuple[int, int]
    weight: float


_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
_WEBKIT = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.1"
_BLINK = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_7 like Mac OS X)"
_IPAD = "Mozilla/5.0 (iPad; CPU OS 18_7 like Mac OS X)"
_LINUX = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko)"
_ANDROID = "Mozilla/5.0 (Linux; Android 10; K)"
_SAFARI = "Mobile/15E148 Safari/604.1"
_SAMSUNG = "AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0"
_BOT = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible;"

_SQUARE = (1024, 1024)

# fmt: off
DEVICES = [
    Device("Desktop", "Windows", "10", "Chrome", 142, f"{_WINDOWS}) {_BLINK} Safari/537.36", (1920, 1080), 24),
    Device("Desktop", "Windows", "10", "Microsoft Edge", 142, f"{_WINDOWS}) {_BLINK} Edg/142.0", (1536, 864), 8),
    Device("Desktop", "Windows", "10", "Firefox", 145, f"{_WINDOWS}; rv:145.0) Firefox/145.0", (1920, 1080), 5),
    Device("Desktop", "Mac OS X", "10.15.7", "Safari", 26, f"{_MAC} {_WEBKIT} Safari/605.1.15", (1512, 982), 7),
    Device("Desktop", "Mac OS X", "10.15.7", "Chrome", 142, f"{_MAC} {_BLINK} Safari/537.36", (1728, 1117), 7),
    Device("Mobile", "iOS", "18.7", "Mobile Safari", 26, f"{_IPHONE} {_WEBKIT} {_SAFARI}", (393, 852), 21),
    Device("Mobile", "Android", "10", "Chrome", 142, f"{_ANDROID} {_BLINK} Mobile Safari/537.36", (412, 915), 19),
    Device("Mobile", "Android", "10", "Samsung Internet", 28, f"{_ANDROID} {_SAMSUNG} Mobile", (384, 854), 3),
    Device("Tablet", "iOS", "18.7", "Mobile Safari", 26, f"{_IPAD} {_WEBKIT} {_SAFARI}", (820, 1180), 6),
]

# Crawlers that run JavaScript, and so send events like anybody.
BOTS = [
    Device("Desktop", "Linux", "", "Chrome", 142, f"{_BOT} Googlebot/2.1; +https://google.com/bot.html)", _SQUARE, 5),
    Device("Desktop", "Linux", "", "Chrome", 142, f"{_BOT} bingbot/2.0; +https://bing.com/bingbot.htm)", _SQUARE, 3),
    Device("Desktop", "Linux", "", "Chrome", 142, f"{_LINUX} HeadlessChrome/142.0.0.0 Safari/537.36", (800, 600), 2),
]
# fmt: on
