"""A request of an SDK → lines that are durable → an answer. The same for whatever server stands before it."""

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from analytics_pipelines.events.decompress import GZIP
from analytics_pipelines.events.envelope import Arrival, to_lines
from analytics_pipelines.events.limits import Limits
from analytics_pipelines.events.parse import Request, parse
from analytics_pipelines.events.payload import payload
from analytics_pipelines.events.rejection import Rejected
from analytics_pipelines.events.rules import QUOTA, Drop, kept
from analytics_pipelines.events.snapshot import checked
from analytics_pipelines.events.v1 import Batch, Headers, Outcome, Result, parse_v1
from analytics_pipelines.faults import hit
from capture_app import metrics
from capture_app.answers import BROKEN, NO_CONTENT, OK, Answer, again, again_v1, as_json, cors, refusal, refusal_v1
from capture_app.journal import Journal
from capture_app.objects import RawObjects
from capture_app.projects import Project, Projects, ProjectsUnavailable
from capture_app.room import NoRoom
from capture_app.usage import Usage
from resources.object_store import StoreUnavailable

log = logging.getLogger("capture")

# A body that takes longer than a millisecond or two to read must not hold up those of others: it is read on a thread.
_PLAIN_INLINE = 128 << 10
_PACKED_INLINE = 16 << 10
_ODD_INLINE = 2 << 10  # forms, base64, lz-string
_TEXT_INLINE = 512 << 10  # after decompression
# As many such bodies are in memory at once as there are threads, each with up to four copies of its text.
_THREADS = 2

_NO_TURN = nullcontext()

T = TypeVar("T")


@dataclass(frozen=True)
class Sent:
    """A request as it came. `header` gives a header's value by its name in lower case, empty when it is not there."""

    method: str
    path: str
    query: bytes
    header: Callable[[str], str]
    body: bytes
    ip: str  # of the connection; proxies name the client's in a header
    large: bool = False  # known to take long to read, though it does not look so


@dataclass(frozen=True)
class _Route:
    """How a path's requests are taken, and how their protocol says no. `take` raises what it can't take."""

    take: Callable[[Sent], Coroutine[Any, Any, Answer]]
    refusal: Callable[[Rejected], Answer]
    again: Callable[[str], Answer]


class Intake:
    """Takes what SDKs send. `routes` has an entry for each path that it takes events on."""

    def __init__(
        self, projects: Projects, usage: Usage, events: RawObjects, snapshots: RawObjects, limits: Limits
    ) -> None:
        self._projects = projects
        self._usage = usage
        self._events = events
        self._snapshots = snapshots
        self._limits = limits
        self._limits_inline = replace(limits, text_bytes=min(limits.text_bytes, _TEXT_INLINE))
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="large-bodies")
        self._turns = asyncio.Semaphore(_THREADS)
        self._journal = Journal()
        self.routes: dict[str, _Route] = {}
        v0, v1 = (refusal, again), (refusal_v1, again_v1)
        for paths, take, said in (
            (("/batch", "/i/v0/e", "/e", "/capture", "/track", "/i/v0/ai/batch"), self.take, v0),
            (("/engage",), self.take_about_a_person, v0),
            (("/i/v1/analytics/events", "/i/v1/ai/events"), self.take_v1, v1),
            (("/s",), self.take_snapshots, v0),
        ):
            for path in paths:
                self.routes[path] = self.routes[f"{path}/"] = _Route(take, *said)

    async def answer(self, sent: Sent) -> Answer:
        """The whole answer to a request on one of the paths."""
        begun = time.perf_counter()
        try:
            answer = OK if sent.method == "OPTIONS" else await self._taken(self.routes[sent.path], sent)
        except Exception:
            log.exception("a request broke something")
            answer = BROKEN
        metrics.count(sent.path, answer, time.perf_counter() - begun)
        if answer.status >= 400:
            headers = [*answer.headers, ("x-request-id", self._journal.refused(sent, answer))]
            answer = answer._replace(headers=headers)
        origin = cors(sent.header)
        return answer._replace(headers=[*answer.headers, *origin]) if origin else answer

    async def _taken(self, route: "_Route", sent: Sent) -> Answer:
        try:
            return await route.take(sent)
        except Rejected as error:
            if error.status == 413 and not _is_large(sent):  # a small body with much in it
                return await self._taken(route, replace(sent, large=True))
            return route.refusal(error)
        except RecursionError:
            return route.refusal(Rejected(400, "the body is nested too deep"))
        except (StoreUnavailable, ProjectsUnavailable, NoRoom) as error:
            return route.again(type(error).__name__)

    async def take(self, sent: Sent, nameless: str | None = None) -> Answer:
        """The first protocol: events in a batch, a list, or one alone."""
        limits = self._limits_of(sent)

        def read() -> tuple[Request, bool]:
            packed = payload(sent.body, sent.query, sent.header("content-encoding"), most=limits.text_bytes)
            return parse(packed.text, limits, nameless=nameless, sent_at=packed.sent_at), packed.beacon

        async with self._turn(sent):
            request, beacon = await self._run(read, sent)
            lines = await self._lines(request, sent)
        await self._store(lines)
        return NO_CONTENT if beacon else OK

    async def take_about_a_person(self, sent: Sent) -> Answer:
        """Events of `/engage` are about a person and may go without a name."""
        return await self.take(sent, nameless="$identify")

    async def take_v1(self, sent: Sent) -> Answer:
        """The second protocol: each event gets an answer of its own."""
        header = sent.header
        headers = Headers(
            authorization=header("authorization"),
            content_type=header("content-type"),
            content_encoding=header("content-encoding"),
            sdk_info=header("posthog-sdk-info"),
            attempt=header("posthog-attempt"),
            request_id=header("posthog-request-id"),
            sent_at=header("posthog-request-timestamp"),
        )
        limits = self._limits_of(sent)
        async with self._turn(sent):
            batch: Batch = await self._run(lambda: parse_v1(sent.body, headers, limits), sent)
            lines = await self._lines(batch.request, sent)
        await self._store(lines)
        results = {str(uuid): _said(outcome) for uuid, outcome in batch.outcomes.items()}
        results |= {uuid: _said(Outcome("drop", rule)) for uuid, rule in lines.dropped.items()}
        return as_json({"results": results})

    async def take_snapshots(self, sent: Sent) -> Answer:
        """Parts of session recordings, stored as they are."""
        most = self._limits_of(sent).text_bytes
        limits = replace(self._limits, event_bytes=most, keys=most)

        def read() -> tuple[Request, bool]:
            packed = payload(sent.body, sent.query, sent.header("content-encoding"), most=most)
            return checked(parse(packed.text, limits, sent_at=packed.sent_at)), packed.beacon

        async with self._turn(sent):
            request, beacon = await self._run(read, sent)
            if all(event.refused for event in request.events):
                raise Rejected(400, f"no part of a recording in it: {request.events[0].refused}")
            project = await self._project(request.token)
            arrival = _arrival(sent, project)
            lines = await self._run(lambda: to_lines(request, arrival), sent)
        await self._snapshots.commit(lines, arrival.received_at, project=project.id)
        return NO_CONTENT if beacon else OK

    async def project(self, token: str) -> Project | None:
        """The project of a token, None for nobody's. Raises ProjectsUnavailable."""
        known = self._projects.known(token)
        return known or await asyncio.get_running_loop().run_in_executor(None, self._projects.look_up, token)

    async def _project(self, token: str) -> Project:
        project = await self.project(token)
        if project is None:
            raise Rejected(401, "no project has this API key")
        return project

    async def _lines(self, request: Request, sent: Sent) -> "_Lines":
        """What the project's rules let through, and counts of what they drop, as lines. Raises Rejected (401)."""
        project = await self._project(request.token)
        arrival = _arrival(sent, project)
        rules = project.rules
        left = None
        if rules.daily_event_quota is not None:
            left = max(0, rules.daily_event_quota - self._usage.used(project.id, arrival.received_at.date()))

        def made() -> _Lines:
            inside, drops = kept(request, rules, left)
            return _Lines(
                text=to_lines(inside, arrival, drops),
                arrival=arrival,
                events=len(inside.events),
                refused=[event.refused for event in inside.events if event.refused],
                drops=drops,
                dropped=_dropped(request, inside, drops) if drops else {},
            )

        return await self._run(made, sent)

    async def _store(self, lines: "_Lines") -> None:
        arrival = lines.arrival
        await self._events.commit(lines.text, arrival.received_at, project=arrival.project, events=lines.events)
        hit("capture.after_commit")
        self._usage.add(arrival.project, arrival.received_at.date(), lines.events)
        for reason in lines.refused:
            metrics.REFUSED_EVENTS.labels(reason).inc()
        for drop in lines.drops:
            metrics.DROPPED_EVENTS.labels(drop.rule).inc(drop.count)

    def _limits_of(self, sent: Sent) -> Limits:
        """Of a body that is read on the loop less may come out; then it is read again, on a thread."""
        return self._limits if _is_large(sent) else self._limits_inline

    def _turn(self, sent: Sent) -> AbstractAsyncContextManager[Any]:
        """As many large bodies are in memory as objects as there are threads to read them; the others wait as bytes."""
        return self._turns if _is_large(sent) else _NO_TURN

    async def _run(self, work: Callable[[], T], sent: Sent) -> T:
        """Do it here, or on a thread when the body is one that takes long."""
        if not _is_large(sent):
            return work()
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        except Rejected as error:
            raise error.with_traceback(None) from None  # its frames hold the body in all its forms


@dataclass(frozen=True)
class _Lines:
    """Lines to store. `dropped`: the rule of each event that is not among them, by its uuid."""

    text: bytes
    arrival: Arrival
    events: int
    refused: list[str]
    drops: list[Drop]
    dropped: dict[str, str]


def _is_large(sent: Sent) -> bool:
    if sent.large:
        return True
    body = sent.body
    if body[:1] in (b"{", b"["):
        most = _PLAIN_INLINE
    elif body.startswith(GZIP):
        most = _PACKED_INLINE
    else:
        most = _ODD_INLINE
    return len(body) > most or len(sent.query) > _ODD_INLINE


def _arrival(sent: Sent, project: Project) -> Arrival:
    forwarded = sent.header("x-forwarded-for").split(",")[0].strip()
    return Arrival(
        received_at=datetime.now(UTC),
        ip="" if project.rules.anonymize_ips else (forwarded or sent.ip)[:64],
        user_agent=sent.header("user-agent")[:1000],
        path=sent.path,
        project=project.id,
    )


def _dropped(request: Request, inside: Request, drops: list[Drop]) -> dict[str, str]:
    """Why each event that is not inside was dropped, by its uuid."""
    stayed = {event.uuid for event in inside.events}
    rules = {drop.rule for drop in drops}
    return {
        str(event.uuid): QUOTA if rules == {QUOTA} else "event_restriction_drop"
        for event in request.events
        if event.uuid not in stayed
    }


def _said(outcome: Outcome) -> dict[str, str]:
    result: Result = outcome.result
    return {"result": result, "details": outcome.details} if outcome.details else {"result": result}
