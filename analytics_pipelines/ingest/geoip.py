"""Where events come from: the addresses of a batch, each looked up once in a database of MaxMind's format."""

import logging
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import maxminddb

from analytics_pipelines.events.hot_properties import HOT_PROPERTIES
from analytics_pipelines.ingest.staged import Staged
from analytics_pipelines.settings import settings_of_process
from resources.clickhouse import ClickHouse

log = logging.getLogger(__name__)

# Property → where it stands in a record of GeoLite2-City and of its kin.
_PATHS: dict[str, tuple[str | int, ...]] = {
    "$geoip_country_code": ("country", "iso_code"),
    "$geoip_country_name": ("country", "names", "en"),
    "$geoip_city_name": ("city", "names", "en"),
    "$geoip_continent_code": ("continent", "code"),
    "$geoip_subdivision_1_code": ("subdivisions", 0, "iso_code"),
    "$geoip_time_zone": ("location", "time_zone"),
}


def locate(staged: Staged, clickhouse: ClickHouse) -> dict[str, str]:
    """Make a table of the places of a batch's addresses; what `publish_events.sql` is to be filled with to read it.

    Empty without a database, and for a batch none of whose addresses is in it: then nothing is joined.
    """
    reader = _database()
    if reader is None:
        return {}
    found = clickhouse.query(f"SELECT DISTINCT located_by FROM {staged.table} WHERE located_by != ''")
    rows = [[address, *place] for (address,) in found.rows if any(place := _place(reader, address))]
    if not rows:
        return {}
    columns = [f"`{name}` Nullable(String)" for name in _columns()]
    clickhouse.command(f"CREATE TABLE {staged.located} (address String, {', '.join(columns)}) ENGINE = Memory")
    clickhouse.insert_rows(staged.located, rows, ["address", *_columns()])
    return {
        "located": f"GLOBAL ANY LEFT JOIN {staged.located} AS located ON staged.located_by = located.address",
        "published_hot": ", ".join(map(_published, HOT_PROPERTIES)),
    }


def _published(name: str) -> str:
    return f"coalesce(`{name}`, located.`{_column(name)}`)" if name in _PATHS else f"`{name}`"


def _columns() -> list[str]:
    return list(map(_column, _PATHS))


def _column(name: str) -> str:
    """Other names than the properties', which mean what was sent."""
    return name.removeprefix("$geoip_")


def _place(reader: maxminddb.Reader, address: str) -> list[str | None]:
    try:
        record: Any = reader.get(address)
    except ValueError:  # no address
        return []
    return [_at(record, path) for path in _PATHS.values()]


def _at(record: Any, path: Iterable[str | int]) -> str | None:
    for step in path:
        try:
            record = record[step]
        except (KeyError, IndexError, TypeError):
            return None
    return record if isinstance(record, str) else None


def _database() -> maxminddb.Reader | None:
    path = settings_of_process().geoip_database
    if path is None:
        return None
    try:
        return _opened(path, path.stat().st_mtime_ns)
    except (OSError, maxminddb.InvalidDatabaseError) as error:
        log.warning("no places are found for addresses: %s can't be read: %s", path, error)
        return None


@lru_cache(maxsize=1)
def _opened(path: Path, _changed: int) -> maxminddb.Reader:
    return maxminddb.open_database(path)
