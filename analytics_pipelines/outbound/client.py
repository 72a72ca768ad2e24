"""The one HTTP client for what leaves the installation: webhooks, alarms, tests of both.

It connects to addresses that it checked itself, follows no redirect, uses no proxy and no credentials of the
environment, reads so many bytes of an answer and takes so long for the whole of it.
"""

import logging
import ssl
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType
from typing import Any

import httpcore
import httpx
from httpcore import SOCKET_OPTION, NetworkBackend, NetworkStream, SyncBackend

from analytics_pipelines.outbound.addresses import (
    NOTHING,
    WEB_PORTS,
    AddressRefused,
    Allowed,
    Resolver,
    checked,
    resolved,
)
from analytics_pipelines.outbound.urls import parsed
from analytics_pipelines.version import installed_version

TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 5.0
MOST_ANSWER_BYTES = 64 * 1024
for _name in ("httpx", "httpcore"):  # at `info` they log each URL, and those of chats are secrets
    logging.getLogger(_name).setLevel(logging.WARNING)
# A kept connection saves a handshake per delivery, and is dropped before receivers tend to drop it.
_KEPT_SECONDS = 4.0


class SendFailed(Exception):
    """Nothing is known about whether the request arrived. The text is one sentence without the URL."""


@dataclass(frozen=True)
class Reply:
    """What a receiver answered; `text` is the beginning of its body."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Outbound:
    """Sends requests; safe for one thread at a time. Close it, or use it in a `with`."""

    def __init__(
        self,
        allowed: Allowed = NOTHING,
        *,
        total_seconds: float = TOTAL_SECONDS,
        resolve: Resolver = resolved,
        ports: Collection[int] | None = WEB_PORTS,
    ) -> None:
        """`ports` are those that public hosts are called on (None: any)."""
        self._total_seconds = total_seconds
        self._backend = _CheckedBackend(allowed, resolve, ports)
        transport = httpx.HTTPTransport(verify=_tls(), trust_env=False)
        transport._pool = httpcore.ConnectionPool(
            ssl_context=_tls(),
            max_connections=1,
            keepalive_expiry=_KEPT_SECONDS,
            retries=0,
            network_backend=self._backend,
        )
        self._client = httpx.Client(
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(total_seconds, connect=CONNECT_SECONDS),
            headers={"User-Agent": f"analytics-pipelines/{installed_version()}", "Accept-Encoding": "identity"},
        )

    def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """One request, one answer, whatever its status. Raises WrongUrl, AddressRefused, SendFailed."""
        self._backend.deadline = time.monotonic() + self._total_seconds
        try:
            with self._client.stream(method, parsed(url), headers=dict(headers), content=body) as response:
                return Reply(response.status_code, dict(response.headers), self._beginning(response))
        except AddressRefused:
            raise
        except httpx.TimeoutException:
            raise SendFailed(f"There was no whole answer within {self._total_seconds:g} seconds.") from None
        except httpx.TransportError as error:
            raise SendFailed(f"The request broke off: {_said(error)}.") from None
        except UnicodeError:
            raise SendFailed("A header holds what a header can't.") from None

    def close(self) -> None:
        """Close its connections."""
        self._client.close()

    def __enter__(self) -> "Outbound":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    @staticmethod
    def _beginning(response: httpx.Response) -> str:
        found = b""
        for chunk in response.iter_raw():
            found += chunk
            if len(found) >= MOST_ANSWER_BYTES:
                break
        return found[:MOST_ANSWER_BYTES].decode("utf-8", "replace").replace("\0", "\ufffd")


@lru_cache(maxsize=1)
def _tls() -> ssl.SSLContext:
    """The certificates that are trusted: reading them takes longer than a request."""
    return httpx.create_ssl_context(trust_env=False)


class _CheckedBackend(NetworkBackend):
    """Opens connections to addresses that were checked just before, and to no others."""

    def __init__(self, allowed: Allowed, resolve: Resolver, ports: Collection[int] | None) -> None:
        self._allowed = allowed
        self._ports = ports
        self._resolve = resolve
        self._plain = SyncBackend()
        self.deadline = 0.0

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> NetworkStream:
        failure: Exception = httpcore.ConnectError("no address answers")
        for address in checked(host.strip("[]"), port, self._allowed, ports=self._ports, resolve=self._resolve):
            try:
                stream = self._plain.connect_tcp(
                    address, port, within(timeout, self.deadline), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Timed(stream, self)
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SOCKET_OPTION] | None = None
    ) -> NetworkStream:
        raise AddressRefused

    def sleep(self, seconds: float) -> None:
        self._plain.sleep(seconds)


class _Timed(NetworkStream):
    """A stream whose reads and writes all end by the request's deadline: a receiver that drips bytes gains nothing."""

    def __init__(self, stream: NetworkStream, backend: _CheckedBackend) -> None:
        self._stream = stream
        self._backend = backend

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, within(timeout, self._backend.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, within(timeout, self._backend.deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> "_Timed":
        timeout = within(timeout, self._backend.deadline)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, timeout), self._backend)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def within(timeout: float | None, deadline: float) -> float:
    """Seconds that an operation may take. Raises httpcore.ReadTimeout when there are none left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout
    return left if timeout is None else min(timeout, left)


def _said(error: Exception) -> str:
    """The system's words about a broken connection, without addresses."""
    text = str(error).split("\n", 1)[0].strip(" .")
    return text[:200] or type(error).__name__
