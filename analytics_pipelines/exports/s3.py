"""S3, or any store that speaks it: ClickHouse puts the files; to list, mark and remove them are requests of ours."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from analytics_pipelines.exports.aws_signature import encoded_path, encoded_query, signed_headers
from analytics_pipelines.exports.destination import (
    DestinationFailed,
    DestinationForbidden,
    Guard,
    address_of,
    literal,
    without,
)
from analytics_pipelines.exports.files import Sink, StoredFile
from analytics_pipelines.outbound.addresses import AddressRefused, Allowed
from analytics_pipelines.outbound.client import Outbound, Reply, SendFailed
from analytics_pipelines.outbound.urls import WrongUrl

# A store that is away is told soon; the interval is tried again later.
_SETTINGS = {
    "s3_truncate_on_insert": 1,
    "s3_max_redirects": 0,
    "s3_retry_attempts": 3,
    "s3_max_unexpected_write_error_retries": 2,
}
_SECONDS = 30
# So many names fit into the part of an answer that is read.
_NAMES_AT_ONCE = "100"


class S3:
    """Objects of one bucket; keys are relative to the bucket. Addressed by path, which every S3 understands.

    An endpoint that a person named is checked each time, no redirect of its is followed, and ClickHouse calls it by the
    address that was checked where it has no certificate to prove its name by.
    """

    checksums = "etag"

    def __init__(self, config: Mapping[str, Any], secrets: Mapping[str, str], guard: Guard, allowed: Allowed) -> None:
        self._bucket = str(config["bucket_name"])
        self._region = str(config.get("region") or "us-east-1")
        self._endpoint = str(config.get("endpoint_url") or f"https://s3.{self._region}.amazonaws.com")
        self._secrets = secrets
        self._guard = guard
        self._allowed = allowed

    def sink(self, key: str, form: str, compression: str) -> Sink:
        arguments = [
            f"{self._called()}/{self._bucket}/{key}",
            self._secrets["aws_access_key_id"],
            self._secrets["aws_secret_access_key"],
            form,
        ]
        packed = "" if compression == "none" else f", 'auto', {literal(compression)}"
        return Sink(f"s3({', '.join(map(literal, arguments))}{packed})", _SETTINGS)

    def stored(self, key: str) -> StoredFile:
        reply = self._ask("HEAD", key)
        size = int(reply.headers.get("content-length") or 0)
        return StoredFile(key.rsplit("/", 1)[-1], size, reply.headers.get("etag", "").strip('"'))

    def names(self, folder: str) -> list[str]:
        found: list[str] = []
        query = {"list-type": "2", "prefix": f"{folder}/", "delimiter": "/", "max-keys": _NAMES_AT_ONCE}
        while True:
            text = self._ask("GET", "", query).text
            found += [unescape(key).rsplit("/", 1)[-1] for key in re.findall(r"<Key>([^<]+)</Key>", text)]
            more = re.search(r"<NextContinuationToken>([^<]+)</NextContinuationToken>", text)
            if more is None:
                return sorted(found)
            query["continuation-token"] = unescape(more[1])

    def get(self, key: str) -> bytes | None:
        reply = self._ask("GET", key, missing=True)
        return None if reply.status == 404 else reply.text.encode()

    def put(self, key: str, payload: bytes) -> None:
        self._ask("PUT", key, body=payload)

    def delete(self, keys: Sequence[str]) -> None:
        for key in keys:
            self._ask("DELETE", key, missing=True)

    def _called(self) -> str:
        """The endpoint as ClickHouse calls it."""
        parts = urlsplit(self._endpoint)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = address_of(self._guard, parts.hostname or "", port)
        if parts.scheme == "https":
            return self._endpoint
        return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"

    def _ask(
        self, method: str, key: str, query: Mapping[str, str] | None = None, body: bytes = b"", *, missing: bool = False
    ) -> Reply:
        """Raises DestinationFailed for what S3 refuses; not for what is `missing` where that is fine."""
        path = encoded_path(f"/{self._bucket}/{key}" if key else f"/{self._bucket}")
        url = f"{self._endpoint}{path}" + (f"?{encoded_query(query)}" if query else "")
        headers = signed_headers(
            method,
            url,
            body,
            access_key=self._secrets["aws_access_key_id"],
            secret_key=self._secrets["aws_secret_access_key"],
            region=self._region,
            now=datetime.now(UTC),
        )
        try:
            with Outbound(self._allowed, total_seconds=_SECONDS, ports=None) as outbound:
                reply = outbound.send(method, url, headers, body)
        except AddressRefused as error:
            raise DestinationForbidden(str(error)) from None
        except (SendFailed, WrongUrl) as error:
            raise DestinationFailed(f"S3: {error}") from None
        if not reply.is_success and not (missing and reply.status == 404):
            raise DestinationFailed(f"S3: {without(list(self._secrets.values()), _said(reply))}")
        return reply


def _said(reply: Reply) -> str:
    said = re.search(r"<Message>([^<]{1,300})</Message>", reply.text) or re.search(r"<Code>([^<]{1,100})", reply.text)
    return f"{unescape(said[1]).rstrip('.')} ({reply.status})." if said else f"It answered with status {reply.status}."
