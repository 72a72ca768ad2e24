"""Ids that people may choose, and that stay the same when a thing is copied to another project."""

import re
import secrets
import string

SHORT_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,39}")

_ALPHABET = string.ascii_letters + string.digits


def new_short_id() -> str:
    """Eight letters and digits, the first a letter: what is only digits is a row's id."""
    return secrets.choice(string.ascii_letters) + "".join(secrets.choice(_ALPHABET) for _ in range(7))
