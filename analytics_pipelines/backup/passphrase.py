"""The installation's own secrets in a backup, sealed by a passphrase or, without one, in the open."""

import base64
import hashlib
import secrets

from analytics_pipelines.accounts.sealed import Sealer
from analytics_pipelines.problems import Problem

_SALT_BYTES = 16
_PURPOSE = "backup"


def sealed(payload: bytes, passphrase: str) -> bytes:
    """Salt, then what the passphrase opens."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt + Sealer(_key(passphrase, salt)).seal(base64.b64encode(payload).decode(), _PURPOSE)


def unsealed(payload: bytes, passphrase: str | None) -> bytes:
    """What was sealed. Raises Problem when it was by another passphrase."""
    if not passphrase:
        raise Problem(
            "The secrets of this backup are sealed.", "Give its passphrase in ANALYTICS_BACKUP_PASSPHRASE, or by file."
        )
    key = _key(passphrase, payload[:_SALT_BYTES])
    try:
        return base64.b64decode(Sealer(key).open(payload[_SALT_BYTES:], _PURPOSE))
    except Problem:
        raise Problem("This passphrase does not open the backup's secrets.", "Give the one it was made with.") from None


def _key(passphrase: str, salt: bytes) -> bytes:
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=2**15, r=8, p=1, maxmem=2**26, dklen=32)
