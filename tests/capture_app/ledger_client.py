"""Senders that keep books: what was sent, and what was acknowledged. Raw HTTP/1.1, independent of any SDK.

They never send an event twice, so a bucket that holds one twice, or one that nobody sent, is capture's fault.
"""

import asyncio
import gzip
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from uuid import UUID

_PAUSE_SECONDS = 0.02  # after a broken connection or a refusal
_ANSWER_SECONDS = 30.0


@dataclass(frozen=True)
class Message:
    """One request: where to, what, and the uuids of the events in it."""

    body: bytes
    uuids: list[str]
    path: str = "/batch/"
    headers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float = 0


@dataclass
class Ledger:
    """What became of the requests. `answers` are all, in the order they came, without those of broken connections."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    answers: list[Answer] = field(default_factory=list)
    broken: int = 0

    @property
    def statuses(self) -> Counter[int]:
        return Counter(answer.status for answer in self.answers)

    def seconds(self, status: int = 200) -> list[float]:
        """How long answers of that status took, the shortest first."""
        return sorted(answer.seconds for answer in self.answers if answer.status == status)

    def untyped(self) -> list[Answer]:
        """Answers that no sender can act upon: neither an acceptance nor a 503 that says when to come again."""
        return [
            answer
            for answer in self.answers
            if not (answer.status == 200 or (answer.status == 503 and int(answer.headers.get("retry-after", "0")) > 0))
        ]


def message(token: str, chance: random.Random, *, text_bytes: int = 0) -> Message:
    """A single event, a batch, or a packed one. `text_bytes` of each event can't be compressed."""
    uuids = [str(UUID(int=chance.getrandbits(128), version=4)) for _ in range(chance.choice((1, 1, 2, 20)))]
    events = [
        {
            "event": "page",
            "distinct_id": "ada",
            "uuid": uuid,
            "properties": {"text": chance.randbytes(text_bytes // 2).hex()},
        }
        for uuid in uuids
    ]
    if len(events) == 1:
        return Message(json.dumps({"api_key": token, **events[0]}).encode(), uuids, "/i/v0/e/")
    body = json.dumps({"api_key": token, "batch": events}).encode()
    if chance.random() < 0.5:
        return Message(gzip.compress(body, 1), uuids, "/batch/", ("Content-Encoding: gzip",))
    return Message(body, uuids)


class Load:
    """Connections that send one request after another, on a thread, between `with` and its end.

    At the end each finishes the request that it is at. `most` is how many requests each sends, `seconds` how long.
    """

    def __init__(
        self,
        port: int,
        make: Callable[[random.Random], Message],
        *,
        connections: int,
        most: int = 100_000,
        seconds: float = 100,
        pause: float = 0,
        ledger: Ledger | None = None,
    ) -> None:
        self._port = port
        self._make = make
        self._connections = connections
        self._most = most
        self._end = time.monotonic() + seconds
        self._pause = pause
        self._stopped = threading.Event()
        self._bug: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self.ledger = Ledger() if ledger is None else ledger

    def __enter__(self) -> "Load":
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        self.wait()

    def wait(self) -> None:
        """Return when every connection has sent what it had to."""
        self._thread.join(_ANSWER_SECONDS + 10)
        assert not self._thread.is_alive()
        if self._bug is not None:
            raise self._bug

    def _run(self) -> None:
        async def all_of_them() -> None:
            await asyncio.gather(*(self._connection() for _ in range(self._connections)))

        try:
            asyncio.run(all_of_them())
        except BaseException as bug:
            self._bug = bug

    async def _connection(self) -> None:
        chance = random.Random()  # noqa: S311  no secret
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        for _ in range(self._most):
            if self._stopped.is_set() or time.monotonic() > self._end:
                break
            sent = self._make(chance)
            try:
                if streams is None:
                    streams = await asyncio.open_connection("127.0.0.1", self._port)
                self.ledger.sent.update(sent.uuids)
                async with asyncio.timeout(_ANSWER_SECONDS):
                    answer = await exchange(*streams, sent)
            except (OSError, EOFError, TimeoutError):
                self.ledger.broken += 1
                if streams is not None:
                    streams[1].close()
                streams = None
                await asyncio.sleep(_PAUSE_SECONDS)
                continue
            self.ledger.answers.append(answer)
            if answer.status == 200:
                self.ledger.acknowledged.update(sent.uuids)
            if answer.headers.get("connection") == "close":
                streams[1].close()
                streams = None
            if self._pause or answer.status != 200:
                await asyncio.sleep(self._pause or _PAUSE_SECONDS)
        if streams is not None:
            streams[1].close()


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, sent: Message) -> Answer:
    """Send one request and return the whole answer. Raises OSError or EOFError when the connection breaks."""
    begun = time.perf_counter()
    lines = [f"POST {sent.path} HTTP/1.1", "Host: capture", f"Content-Length: {len(sent.body)}", *sent.headers]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + sent.body)
    await writer.drain()
    status, headers, body = await read_answer(reader)
    return Answer(status, headers, body, time.perf_counter() - begun)


async def read_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, str], bytes]:
    """The next answer on a connection."""
    first, *rest = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").strip().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return int(first.split()[1]), headers, await reader.readexactly(int(headers.get("content-length", "0")))
