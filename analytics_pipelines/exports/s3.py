"""S3, or any store that speaks it: ClickHouse puts the files, obstore lists, marks and removes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from analytics_pipelines.exports.destination import DestinationFailed, Guard, address_of, literal, without
from analytics_pipelines.exports.files import Sink, StoredFile

# A store that is away is told soon; the interval is tried again later.
_SETTINGS = {
    "s3_truncate_on_insert": 1,
    "s3_max_redirects": 0,
    "s3_retry_attempts": 3,
    "s3_max_unexpected_write_error_retries": 2,
}


class S3:
    """Objects of one bucket; keys are relative to the bucket. Addressed by path, which every S3 understands.

    An endpoint that a person named is checked each time, and called by the address that was checked where it has no
    certificate to prove its name by.
    """

    checksums = "etag"

    def __init__(self, config: Mapping[str, Any], secrets: Mapping[str, str], guard: Guard) -> None:
        self._bucket = str(config["bucket_name"])
        self._region = str(config.get("region") or "us-east-1")
        self._endpoint = config.get("endpoint_url") or None
        self._secrets = secrets
        self._guard = guard

    def sink(self, key: str, form: str, compression: str) -> Sink:
        arguments = [
            f"{self._address()}/{self._bucket}/{key}",
            self._secrets["aws_access_key_id"],
            self._secrets["aws_secret_access_key"],
            form,
        ]
        packed = "" if compression == "none" else f", 'auto', {literal(compression)}"
        return Sink(f"s3({', '.join(map(literal, arguments))}{packed})", _SETTINGS)

    def stored(self, key: str) -> StoredFile:
        with self._told():
            meta = obstore.head(self._store(), key)
        return StoredFile(key.rsplit("/", 1)[-1], meta["size"], (meta["e_tag"] or "").strip('"'))

    def names(self, folder: str) -> list[str]:
        with self._told():
            listing = obstore.list_with_delimiter(self._store(), folder)
        return sorted(meta["path"].rsplit("/", 1)[-1] for meta in listing["objects"])

    def get(self, key: str) -> bytes | None:
        with self._told():
            try:
                return bytes(obstore.get(self._store(), key).bytes())
            except FileNotFoundError:
                return None

    def put(self, key: str, payload: bytes) -> None:
        with self._told():
            obstore.put(self._store(), key, payload, use_multipart=False)

    def delete(self, keys: Sequence[str]) -> None:
        with self._told():
            for key in keys:
                with suppress(FileNotFoundError):
                    obstore.delete(self._store(), key)

    def _address(self) -> str:
        if self._endpoint is None:
            return f"https://s3.{self._region}.amazonaws.com"
        parts = urlsplit(self._endpoint)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = address_of(self._guard, parts.hostname or "", port)
        if parts.scheme == "https":
            return f"https://{parts.netloc}"
        return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"

    def _store(self) -> Any:
        return S3Store(
            self._bucket,
            config={
                "access_key_id": self._secrets["aws_access_key_id"],
                "secret_access_key": self._secrets["aws_secret_access_key"],
                "region": self._region,
                "endpoint": self._address(),
                "virtual_hosted_style_request": False,
            },
            client_options={
                "allow_http": True,
                "timeout": timedelta(seconds=30),
                "connect_timeout": timedelta(seconds=5),
            },
            retry_config={"max_retries": 2, "retry_timeout": timedelta(seconds=20)},
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (BaseError, OSError) as error:
            said = str(error).split("\n", 1)[0][:500]
            raise DestinationFailed(f"S3: {without(list(self._secrets.values()), said)}") from None
