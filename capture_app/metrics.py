"""Capture's numbers for Prometheus, summed over its processes when `PROMETHEUS_MULTIPROC_DIR` is set."""

import os
from functools import cache

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.multiprocess import MultiProcessCollector

from capture_app.answers import Answer

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("capture_requests_total", "Requests by path and status of the answer.", ["path", "status"])
REQUEST_SECONDS = Histogram(
    "capture_request_seconds", "Time from a whole body to the answer, its commit included.", buckets=_SECONDS
)
REJECTED = Counter("capture_requests_rejected_total", "Requests of which nothing was kept, by reason.", ["reason"])
EVENTS = Counter("capture_events_stored_total", "Events that are durable in the bucket.")
REFUSED_EVENTS = Counter(
    "capture_events_dead_lettered_total", "Events that broke a limit and are kept as dead letters.", ["reason"]
)
DROPPED_EVENTS = Counter("capture_events_dropped_total", "Events that a rule of their project dropped.", ["rule"])
COMMIT_SECONDS = Histogram("capture_commit_seconds", "Time to pack and store one raw object.", buckets=_SECONDS)
COMMIT_REQUESTS = Histogram(
    "capture_commit_requests", "Requests that share one raw object.", buckets=(1, 2, 4, 8, 16, 32, 64, 128, 256)
)
COMMIT_BYTES = Histogram(
    "capture_commit_bytes", "Compressed bytes of one raw object.", buckets=tuple(4**power for power in range(5, 13))
)
FAILED_COMMITS = Counter("capture_commits_failed_total", "Raw objects that the bucket did not take.")
WAITING_BYTES = Gauge("capture_waiting_bytes", "Accepted lines that are not stored yet.", multiprocess_mode="livesum")
WAITING_SECONDS = Gauge(
    "capture_waiting_seconds",
    "How long the oldest request of the group that is being stored has been waiting; 0 when nothing waits.",
    multiprocess_mode="livemax",
)
BODY_BYTES = Gauge("capture_body_bytes", "Bytes of the bodies that are being served.", multiprocess_mode="livesum")
PROJECTS_AGE = Gauge(
    "capture_projects_age_seconds",
    "How long ago the oldest process learned what projects there are.",
    multiprocess_mode="livemax",
)


def count(path: str, answer: Answer, seconds: float) -> None:
    """Note an answer."""
    _requests(path, answer.status).inc()
    REQUEST_SECONDS.observe(seconds)
    if answer.reason:
        REJECTED.labels(answer.reason).inc()


def count_other(path: str, status: int) -> None:
    """Note an answer of a route that takes no events."""
    _requests(path, status).inc()


@cache  # paths and statuses are few: any path that is not ours counts as `other`
def _requests(path: str, status: int) -> Counter:
    return REQUESTS.labels(path, str(status))


def exposition() -> tuple[bytes, str]:
    """All numbers in Prometheus' text form, and its content type."""
    registry = PROCESS_REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry), CONTENT_TYPE_LATEST
