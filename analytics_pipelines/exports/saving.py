"""Checks before an export is saved: that it can be asked for, may be sent there, and overwrites no other's files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit
from uuid import uuid4

from analytics_pipelines.exports.clickhouse_table import ClickHouseTable
from analytics_pipelines.exports.destination import DestinationFailed
from analytics_pipelines.exports.files import MANIFEST
from analytics_pipelines.exports.intervals import Interval
from analytics_pipelines.exports.model import Destination, Export
from analytics_pipelines.exports.opening import Opener, prefix_of, said
from analytics_pipelines.exports.postgres_table import PostgresTable
from analytics_pipelines.exports.prefix import folder_of
from analytics_pipelines.exports.rows import WrongExport
from analytics_pipelines.exports.run import Exporter
from analytics_pipelines.exports.store import Exports
from analytics_pipelines.problems import Problem
from resources.clickhouse import ClickHouseRefused, ClickHouseUnavailable

_SAMPLE = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Checks:
    """Of exports that a person is about to save, or asks to try."""

    exporter: Exporter
    opener: Opener

    def may_be_saved(self, export: Export) -> None:
        """Raises WrongExport, which names the field."""
        self._reaches(export.destination)
        self._asks(export)
        self._is_alone(export)

    def probe(self, export: Export) -> str | None:
        """Write and remove something at the destination; what is wrong, if anything."""
        try:
            self._probe(export)
        except (DestinationFailed, ClickHouseRefused, ClickHouseUnavailable) as error:
            return said(export, error)
        return None

    def _reaches(self, destination: Destination) -> None:
        config = destination.config
        try:
            if destination.type == "S3" and config.get("endpoint_url"):
                parts = urlsplit(config["endpoint_url"])
                self.opener.guard(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
            for port in ("port", "native_port"):
                if config.get("host") and config.get(port):
                    self.opener.guard(config["host"], config[port])
        except DestinationFailed as error:
            raise WrongExport("destination.config", str(error)) from None

    def _asks(self, export: Export) -> None:
        try:
            rows = self.exporter.rows(export, _sample(export))
            rows.select([column.quoted for column in rows.columns])
        except (ClickHouseRefused, Problem) as error:
            raise WrongExport("hogql_query", str(error)) from None
        names = [column.name for column in rows.columns]
        if len(set(names)) != len(names):
            raise WrongExport("hogql_query", "Two columns have the same name; give them names with AS.")

    def _is_alone(self, export: Export) -> None:
        where = _location(export)
        for other in Exports(self.exporter.postgres, export.team_id).all():
            if where is not None and other.id != export.id and _location(other) == where:
                raise WrongExport(
                    "destination.config.prefix",
                    f"The export {other.name!r} writes its files there; choose another prefix.",
                )

    def _probe(self, export: Export) -> None:
        clickhouse = self.exporter.clickhouse.about(export=export.key, team_id=export.team_id)
        kind = export.destination.type
        if kind in ("S3", "Folder"):
            place = self.opener.place(export.team_id, export.destination)
            key = f"{_folder(export)}/_test-{uuid4().hex}.parquet"
            sink = place.sink(key, "Parquet", "none")
            clickhouse.write(f"INSERT INTO FUNCTION {sink.function} SELECT 1 AS one", settings=sink.settings)
            try:
                place.stored(key)
            finally:
                place.delete([key])
        elif kind == "Postgres":
            PostgresTable(export, _sample(export), clickhouse, self.opener.guard).probe()
        else:
            ClickHouseTable(export, _sample(export), clickhouse, self.opener.guard).probe()


def _sample(export: Export) -> Interval:
    return Interval(_SAMPLE, _SAMPLE + export.interval.length)


def _folder(export: Export) -> str:
    return folder_of(
        prefix_of(export), _sample(export), export.interval, team_id=export.team_id, table=export.model.value
    )


def _location(export: Export) -> tuple[object, ...] | None:
    """Where the files of one interval lie; None for tables, whose rows carry the export's id."""
    if not export.destination.is_files:
        return None
    config = export.destination.config
    return (
        export.destination.type,
        config.get("endpoint_url") or config.get("region"),
        config.get("bucket_name"),
        f"{_folder(export)}/{MANIFEST}",
    )
