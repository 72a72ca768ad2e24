"""Capture's numbers for Prometheus, summed over its processes when `PROMETHEUS_MULTIPROC_DIR` is set."""

import os

from flask import Flask, Response, request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client import REGISTRY as PROCESS_REGISTRY
from prometheus_client.multiprocess import MultiProcessCollector

REQUESTS = Counter("capture_requests_total", "Requests by path and status of the answer.", ["path", "status"])
EVENTS = Counter("capture_events_stored_total", "Events that are durable in the bucket.")
COMMIT_SECONDS = Histogram(
    "capture_commit_seconds",
    "Time to pack and store one raw object.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
COMMIT_REQUESTS = Histogram(
    "capture_commit_requests", "Requests that share one raw object.", buckets=(1, 2, 4, 8, 16, 32, 64)
)
COMMIT_BYTES = Histogram(
    "capture_commit_bytes", "Compressed bytes of one raw object.", buckets=tuple(4**power for power in range(5, 13))
)
FAILED_COMMITS = Counter("capture_commits_failed_total", "Raw objects that the bucket did not take.")
WAITING_BYTES = Gauge("capture_waiting_bytes", "Accepted lines that are not stored yet.", multiprocess_mode="livesum")


def register(app: Flask) -> None:
    """Count the application's answers, and give the numbers at /metrics."""
    known = {rule.rule for rule in app.url_map.iter_rules()}

    @app.get("/metrics")
    def metrics() -> Response:
        registry = PROCESS_REGISTRY
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)

    @app.after_request
    def count(response: Response) -> Response:
        # any other path is a stranger's, and must not become a series of its own
        path = request.path if request.path in known else "other"
        REQUESTS.labels(path, str(response.status_code)).inc()
        return response
