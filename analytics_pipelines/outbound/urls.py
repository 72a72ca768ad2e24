"""URLs that somebody names for us to send to. Read by the parser that sends, so that both see the same host."""

import httpx

from analytics_pipelines.outbound.addresses import NOTHING, Allowed, Resolver, checked, resolved

MOST_CHARACTERS = 2000
_DEFAULT_PORTS = {"http": 80, "https": 443}


class WrongUrl(ValueError):
    """The text is no URL that anything is sent to; it says why, for whoever wrote it."""


def parsed(text: str) -> httpx.URL:
    """An `http` or `https` URL without credentials. Raises WrongUrl. No name is resolved."""
    try:
        url = httpx.URL(text)
        port = url.port
    except (httpx.InvalidURL, ValueError, TypeError):
        raise WrongUrl("This is no URL.") from None
    if len(text) > MOST_CHARACTERS:
        raise WrongUrl(f"A URL has at most {MOST_CHARACTERS} characters.")
    if url.scheme not in _DEFAULT_PORTS or not url.host or port == 0:
        raise WrongUrl("A URL begins with https:// or http:// and a host.")
    if url.userinfo:
        raise WrongUrl("A URL with a user name or password in it isn't used: send them in a header.")
    return url


def port_of(url: httpx.URL) -> int:
    """The port that a URL means."""
    return url.port or _DEFAULT_PORTS[url.scheme]


def checked_url(text: str, allowed: Allowed = NOTHING, *, resolve: Resolver = resolved) -> httpx.URL:
    """The same, and its host may be reached now. Raises WrongUrl, AddressRefused."""
    url = parsed(text)
    checked(url.raw_host.decode().strip("[]"), port_of(url), allowed, resolve=resolve)
    return url
