"""Tokens, keys and link secrets: made from 256 random bits, kept as hashes. Pure but for the randomness."""

import hashlib
import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def new_project_token() -> str:
    """A public token that SDKs send; `phc_…`."""
    return f"phc_{_random(43)}"


def new_api_key() -> str:
    """A secret key for scripts; `phx_…`."""
    return f"phx_{_random(43)}"


def new_secret() -> str:
    """A secret for a link or a session cookie."""
    return _random(43)


def fingerprint(secret: str) -> bytes:
    """What is stored instead of a secret. A plain hash is enough for one that can't be guessed."""
    return hashlib.sha256(secret.encode()).digest()


def mask(secret: str) -> str:
    """What lists may show of a secret.

    >>> mask("phx_abcdefgh")
    'phx_…efgh'
    """
    return f"{secret[:4]}…{secret[-4:]}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
