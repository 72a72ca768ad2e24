"""The server alone: it reads the body and answers what capture answers. What no handler can surpass."""

from typing import Any

_HEADERS = [("content-type", "application/json")]


class Application:
    """An RSGI application that does nothing."""

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.method == "POST":
            await protocol()
        protocol.response_bytes(200, _HEADERS, b'{"status":"Ok"}')


app = Application()
