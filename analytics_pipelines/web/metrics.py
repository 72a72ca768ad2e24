"""The platform's numbers for Prometheus: whether its parts answer, and how far ingestion is."""

from collections.abc import Iterable
from datetime import UTC, datetime

from flask import Blueprint, Response, current_app
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from analytics_pipelines.ingest.backlog import lag_seconds, unloaded
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.problems import Fault
from analytics_pipelines.web.identify import public
from analytics_pipelines.web.services import Services

metrics = Blueprint("metrics", __name__)


class _Platform(Collector):
    """Looked up when Prometheus asks; a number that can't be had is left out, never reported as zero."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def collect(self) -> Iterable[Metric]:
        up = GaugeMetricFamily("analytics_up", "Whether a part answers.", labels=["part"])
        for part, check in (("postgres", self._services.postgres.check), ("clickhouse", self._services.reader.check)):
            try:
                check()
            except Fault:
                up.add_metric([part], 0)
            else:
                up.add_metric([part], 1)
        yield up
        try:
            waiting = unloaded(self._services.store, Ledger(self._services.postgres))
        except Fault:
            return
        yield GaugeMetricFamily(
            "analytics_pending_objects", "Raw objects that can't be queried yet.", value=len(waiting)
        )
        yield GaugeMetricFamily(
            "analytics_ingest_lag_seconds",
            "How long the oldest of them has been waiting.",
            value=lag_seconds(waiting, datetime.now(UTC)),
        )


@metrics.get("/metrics")
@public
def show() -> Response:
    """For Prometheus."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Platform(current_app.extensions["analytics"]))
    return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
