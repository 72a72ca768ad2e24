"""The ClickHouse client that people's questions run through."""

from collections.abc import Mapping
from typing import Any

from analytics_pipelines.settings import Settings
from resources.clickhouse import ClickHouse


def open_reader(settings: Settings, comment: Mapping[str, Any]) -> ClickHouse:
    """A client that may only read: as the user for questions, or as the platform's under `readonly`."""
    url = settings.clickhouse_reader_url
    return ClickHouse(url.get_secret_value() if url else settings.need_clickhouse(), comment, read_only=True)
