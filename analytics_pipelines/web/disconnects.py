"""Whether the client of a request is still there. WSGI can't tell; ASGI can, so the application is served by that."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from flask import Request

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

_NAME = "analytics.disconnect"


class Disconnect:
    """The end of one request's connection, waited for once somebody wants to hear of it."""

    def __init__(self, receive: Receive) -> None:
        self._loop = asyncio.get_running_loop()
        self._receive = receive
        self._waiting: asyncio.Task[None] | None = None
        self._is_over = False

    def then(self, act: Callable[[], None]) -> None:
        """Call `act`, in a thread, if the client goes before it has its answer. The body must have been read."""
        self._loop.call_soon_threadsafe(self._wait, act)

    def over(self) -> None:
        """The answer was given."""
        self._is_over = True
        if self._waiting is not None:
            self._waiting.cancel()

    def _wait(self, act: Callable[[], None]) -> None:
        if not self._is_over:
            self._waiting = self._loop.create_task(self._hear(act))

    async def _hear(self, act: Callable[[], None]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        await self._loop.run_in_executor(None, act)


def telling_of_disconnects(app: Asgi) -> Asgi:
    """The application, each of whose requests knows its `Disconnect`."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return

        async def read() -> MutableMapping[str, Any]:
            return await receive()  # granian's own is no coroutine, as the bridge to WSGI would have it

        disconnect = Disconnect(read)
        try:
            await app({**scope, _NAME: disconnect}, read, send)
        finally:
            disconnect.over()

    return serve


def when_client_goes(request: Request) -> Callable[[Callable[[], None]], None] | None:
    """How to be told that the client of this request has gone; None when the server can't tell."""
    disconnect: Disconnect | None = request.environ.get("asgi.scope", {}).get(_NAME)
    return disconnect.then if disconnect else None
