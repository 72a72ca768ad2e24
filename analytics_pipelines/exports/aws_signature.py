"""Requests to S3, signed as AWS Signature Version 4 has it. Pure."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"
_UNRESERVED = "-_.~"


def encoded_path(path: str) -> str:
    """A path as it stands in the URL and in the signature, slashes kept.

    >>> encoded_path("/lake/date=2026-11-24/_SUCCESS")
    '/lake/date%3D2026-11-24/_SUCCESS'
    """
    return quote(path, safe=f"/{_UNRESERVED}")


def encoded_query(query: Mapping[str, str]) -> str:
    """A query string in the order of its names, as both have it."""
    return "&".join(f"{quote(name, safe=_UNRESERVED)}={quote(query[name], safe=_UNRESERVED)}" for name in sorted(query))


def signed_headers(
    method: str, url: str, body: bytes, *, access_key: str, secret_key: str, region: str, now: datetime
) -> dict[str, str]:
    """The headers that make S3 take a request. `url` is encoded by the two above; `now` in UTC."""
    parts = urlsplit(url)
    digest, stamp, day = hashlib.sha256(body).hexdigest(), f"{now:%Y%m%dT%H%M%SZ}", f"{now:%Y%m%d}"
    headers = {"host": parts.netloc, "x-amz-content-sha256": digest, "x-amz-date": stamp}
    names = ";".join(headers)
    canonical = "\n".join(
        [method, parts.path, parts.query, *(f"{name}:{value}" for name, value in headers.items()), "", names, digest]
    )
    scope = f"{day}/{region}/s3/aws4_request"
    to_sign = "\n".join([_ALGORITHM, stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{secret_key}".encode()
    for part in (day, region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"Credential={access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    return {**headers, "Authorization": f"{_ALGORITHM} {credential}"}
