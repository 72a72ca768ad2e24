"""How a receiver knows that a message is ours, and which it has seen already: Standard Webhooks' headers. Pure."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

_PREFIX = "whsec_"
_SECRET_BYTES = 32
_NAMESPACE = UUID("b7b3fb0e-6d6c-4a3b-9a55-1e9a24a7c9f0")


def new_signing_secret() -> str:
    """`whsec_` and 256 random bits in base64."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def message_id(destination_id: int, event_uuid: UUID) -> str:
    """The id of an event at a destination: the same whenever it is sent."""
    return f"msg_{uuid5(_NAMESPACE, f'{destination_id}:{event_uuid}').hex}"


def signed_headers(message: str, moment: datetime, body: bytes, signing_secrets: Sequence[str]) -> dict[str, str]:
    """The three headers; while a secret is changed, with a signature by each of the two."""
    timestamp = str(int(moment.timestamp()))
    content = f"{message}.{timestamp}.".encode() + body
    return {
        "webhook-id": message,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(f"v1,{_signature(secret, content)}" for secret in signing_secrets),
    }


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
