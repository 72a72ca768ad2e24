"""Secrets that must be read again (of receivers, stores, databases), sealed by a key of the installation.

A sealed value is 12 bytes of nonce, then AES-256-GCM's text and tag. It opens only for the purpose that it was sealed
for, so a value that is moved to another row or column is worth nothing there.
"""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from analytics_pipelines.accounts.installation_secret import installation_secret
from analytics_pipelines.problems import Problem
from resources.postgres import Postgres

_NONCE_BYTES = 12


class Sealer:
    """Seals and opens with the key of one installation, which lies in its Postgres and is made when first needed."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    @classmethod
    def of(cls, postgres: Postgres) -> "Sealer":
        """The installation's. Raises PostgresUnavailable."""
        return cls(installation_secret(postgres, "sealing"))

    def seal(self, text: str, purpose: str) -> bytes:
        """The text, sealed for a purpose such as `destination 12`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, text.encode(), purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> str:
        """The text again. Raises Problem when it was sealed for something else, or by another installation's key."""
        try:
            opened = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode())
        except (InvalidTag, ValueError):
            raise Problem(
                f"The secret of {purpose} can't be opened: it was sealed by another installation's key.",
                "Give the secret anew, or restore `installation_secrets` from the backup.",
            ) from None
        return opened.decode()
