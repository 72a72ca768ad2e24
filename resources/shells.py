"""Dagster's view of the clients: where a run gets ClickHouse, Postgres and the bucket from."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import dagster as dg

from analytics_pipelines.settings import Settings, settings_of_process
from resources.clickhouse import ClickHouse
from resources.object_store import ObjectStore
from resources.postgres import Postgres


class AnalyticsResource(dg.ConfigurableResource[Any]):
    """The platform's stores, as the process's settings name them; secrets never become Dagster configuration."""

    @cached_property
    def settings(self) -> Settings:
        """The settings of this process."""
        return settings_of_process()

    def clickhouse(self, comment: Mapping[str, Any]) -> ClickHouse:
        """A client whose statements say who asked, in `log_comment`."""
        return ClickHouse(self.settings.need_clickhouse(), comment)

    def postgres(self) -> Postgres:
        """A pool of its own for the caller."""
        return Postgres(self.settings.need_postgres())

    def store(self) -> ObjectStore:
        """The bucket."""
        return ObjectStore(self.settings.bucket_url)


RESOURCES = {"analytics": AnalyticsResource()}
