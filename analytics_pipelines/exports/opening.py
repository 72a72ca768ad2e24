"""From an export's configuration to what writes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from analytics_pipelines.exports.clickhouse_table import ClickHouseTable
from analytics_pipelines.exports.destination import DestinationForbidden, Guard, Target, without
from analytics_pipelines.exports.files import Files, Place
from analytics_pipelines.exports.folder import Folder
from analytics_pipelines.exports.intervals import Interval
from analytics_pipelines.exports.model import Destination, Export
from analytics_pipelines.exports.postgres_table import PostgresTable
from analytics_pipelines.exports.prefix import default_prefix
from analytics_pipelines.exports.s3 import S3
from analytics_pipelines.outbound.addresses import NOTHING, AddressRefused, Allowed, checked
from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse

_PATH = re.compile(r"/[^\s\"']+")


@dataclass(frozen=True)
class Opener:
    """`folder` is below which folders of this machine are exported to; `guard` says where we may connect to, by what is
    public and what the operator has `allowed`."""

    folder: Path
    guard: Guard
    allowed: Allowed = NOTHING

    @classmethod
    def of(cls, settings: Settings) -> Opener:
        """By the settings: public addresses, and those that the operator allows."""
        allowed = Allowed.parse(settings.outbound_allowed)

        def guard(host: str, port: int) -> Sequence[str]:
            try:
                return checked(host, port, allowed, ports=None)
            except AddressRefused as error:
                raise DestinationForbidden(str(error)) from None

        return cls(settings.exports_path, guard, allowed)

    def target(self, export: Export, interval: Interval, clickhouse: ClickHouse) -> Target:
        """The destination, for one interval."""
        kind = export.destination.type
        if kind == "Postgres":
            return PostgresTable(export, interval, clickhouse, self.guard)
        if kind == "ClickHouse":
            return ClickHouseTable(export, interval, clickhouse, self.guard)
        return Files(self.place(export.team_id, export.destination), prefix_of(export), export, interval, clickhouse)

    def place(self, team_id: int, destination: Destination) -> Place:
        """Where the files of a destination lie; in the folder each project has its own."""
        if destination.type == "S3":
            return S3(destination.config, destination.secrets, self.guard, self.allowed)
        return Folder(self.folder / f"team_id={team_id}")


def said(export: Export, error: Exception) -> str:
    """What went wrong, for whoever owns the export: without secrets, and without paths of this machine."""
    text = without(list(export.destination.secrets.values()), str(error))
    return _PATH.sub("…", text) if export.destination.type == "Folder" else text


def prefix_of(export: Export) -> str:
    """The template of its files' folders."""
    given = export.destination.config.get("prefix")
    return str(given) if given else default_prefix(export.interval, with_team=export.destination.type == "S3")
