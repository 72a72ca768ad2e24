"""Whether everything that an installation depends on is well, and the exact mend where it is not."""

import platform
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from analytics_pipelines.embedded.sandbox import can_confine_files
from analytics_pipelines.ingest.backlog import lag_seconds, unloaded
from analytics_pipelines.ingest.ledger import Ledger
from analytics_pipelines.migrations.apply import plan
from analytics_pipelines.problems import Fault, Problem
from analytics_pipelines.settings import Settings
from analytics_pipelines.upkeep.room import endless_logs, room
from resources.clickhouse import ClickHouse, ClickHouseRefused
from resources.object_store import ObjectStore
from resources.postgres import Postgres, PostgresNotMigrated

_LEAST_DISK_BYTES = 2 * 1024**3
_MOST_SKEW_SECONDS = 5.0
_MOST_LAG_SECONDS = 60.0
_MOST_OWNERS = 5  # that are named; --json names all
_MAY_NOT = {164, 497}  # READONLY, ACCESS_DENIED
_NO_DATABASE = 81
_START = "Start everything with `analytics start`"


@dataclass(frozen=True)
class Finding:
    """One thing looked at: what, what was found, and the mend when it is not well. `bytes` are by who takes them."""

    what: str
    well: bool
    found: str
    mend: str = ""
    bytes: dict[str, int] | None = None


def examine(settings: Settings) -> list[Finding]:
    """Look at everything; a check never raises, it finds."""
    return list(_examine(settings))


def _examine(settings: Settings) -> Iterator[Finding]:
    yield _python()
    yield _engine_wall(settings)
    yield _disk(settings.data_dir)
    yield _tried(
        "bucket", lambda: _bucket(settings), "Check ANALYTICS_OBJECT_STORE_URL and AWS_*, or the folder's rights."
    )
    yield _tried("Postgres", lambda: _postgres(settings), f"{_START}, or check ANALYTICS_POSTGRES_URL.")
    yield _tried("ClickHouse", lambda: _clickhouse(settings), f"{_START}, or check ANALYTICS_CLICKHOUSE_URL.")
    yield _tried("ClickHouse reader", lambda: _reader(settings), "Check ANALYTICS_CLICKHOUSE_READER_URL.")
    yield _tried("migrations", lambda: _migrations(settings), "Run `analytics migrate`.")
    yield _tried("insert tokens", lambda: _insert_tokens(settings), "Run `analytics migrate`.")
    yield _tried("clocks", lambda: _clocks(settings), "Set the clocks of these hosts by NTP.")
    yield _if_known("ClickHouse logs", lambda: _clickhouse_logs(settings))
    yield _if_known("room", lambda: _room(settings))
    yield _tried(
        "ingestion lag", lambda: _lag(settings), "Is Dagster up (`analytics status`)? See its last ingest run."
    )


def _tried(what: str, check: Callable[[], Finding], mend: str) -> Finding:
    try:
        return check()
    except PostgresNotMigrated as error:
        return Finding(what, False, str(error), "Run `analytics migrate`.")
    except (Problem, Fault, OSError) as error:
        return Finding(what, False, _first_line(error), mend)


def _if_known(what: str, check: Callable[[], Finding]) -> Finding:
    """What another finding says is away is not reported once more."""
    try:
        return check()
    except (Problem, Fault, OSError) as error:
        return Finding(what, True, f"not known: {_first_line(error)}")


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0]


def _python() -> Finding:
    well = (3, 11) <= sys.version_info < (3, 15)
    return Finding(
        "Python",
        well,
        f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "Use Python 3.11 to 3.14.",
    )


def _engine_wall(settings: Settings) -> Finding:
    if settings.clickhouse_url is not None and "127.0.0.1" not in settings.clickhouse_url.get_secret_value():
        return Finding("engine's files", True, "ClickHouse is a server of its own")
    if can_confine_files():
        return Finding("engine's files", True, "the kernel keeps the embedded ClickHouse in its folder")
    return Finding(
        "engine's files",
        False,
        "this kernel can't confine the embedded ClickHouse: its file() function may read what you may read",
        "Use Linux 5.13 or later with Landlock, or a ClickHouse server (ANALYTICS_CLICKHOUSE_URL).",
    )


def _disk(folder: Path) -> Finding:
    there = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(there).free
    return Finding(
        "disk",
        free >= _LEAST_DISK_BYTES,
        f"{free / 1024**3:.1f} GiB free for {folder}",
        "Make room, or move ANALYTICS_DATA_DIR.",
    )


def _bucket(settings: Settings) -> Finding:
    ObjectStore(settings.bucket_url).check()
    return Finding("bucket", True, f"{settings.bucket_url}: written, read and deleted an object")


def _postgres(settings: Settings) -> Finding:
    postgres = Postgres(settings.need_postgres())
    try:
        return Finding("Postgres", True, f"{postgres.check()} at {postgres.address}")
    finally:
        postgres.close()


def _clickhouse(settings: Settings) -> Finding:
    clickhouse = ClickHouse(settings.need_clickhouse())
    return Finding("ClickHouse", True, f"{clickhouse.check()} at {clickhouse.address}")


def _reader(settings: Settings) -> Finding:
    if settings.clickhouse_reader_url is None:
        settings.need_clickhouse()
        return Finding(
            "ClickHouse reader",
            False,
            "questions run as the platform's user",
            "Make a user that may only SELECT and set ANALYTICS_CLICKHOUSE_READER_URL.",
        )
    reader = ClickHouse(settings.clickhouse_reader_url.get_secret_value())
    table = f"doctor_{secrets.token_hex(8)}"
    try:
        reader.command(f"CREATE TABLE {table} (a UInt8) ENGINE = Memory")
    except ClickHouseRefused as error:
        if error.code in _MAY_NOT:
            return Finding("ClickHouse reader", True, "may read, and nothing else")
        if error.code == _NO_DATABASE:
            return Finding("ClickHouse reader", False, "its database is not there", "Run `analytics migrate`.")
        raise
    reader.command(f"DROP TABLE {table}")
    return Finding(
        "ClickHouse reader",
        False,
        "the user for questions may change data",
        "Give the user of ANALYTICS_CLICKHOUSE_READER_URL a readonly profile and only SELECT.",
    )


def _migrations(settings: Settings) -> Finding:
    postgres = Postgres(settings.need_postgres())
    try:
        found = plan(postgres, ClickHouse(settings.need_clickhouse()), settings.clickhouse_cluster)
    finally:
        postgres.close()
    pending = [migration.name for migration in found.postgres + found.clickhouse]
    return Finding(
        "migrations", not pending, f"{len(pending)} pending" if pending else "all applied", "Run `analytics migrate`."
    )


def _insert_tokens(settings: Settings) -> Finding:
    """A plain MergeTree ignores insert tokens silently unless its window is set."""
    tables = ClickHouse(settings.need_clickhouse()).query(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'MergeTree'"
        " AND name IN ('events', 'dead_letters', 'dropped_events')"
        " AND position(create_table_query, 'non_replicated_deduplication_window') = 0"
    )
    ignoring = [name for (name,) in tables.rows]
    return Finding(
        "insert tokens",
        not ignoring,
        f"ignored by {', '.join(ignoring)}" if ignoring else "honoured",
        "Set non_replicated_deduplication_window on these tables.",
    )


def _clickhouse_logs(settings: Settings) -> Finding:
    """A server's own logs grow without end unless its configuration says otherwise."""
    endless = endless_logs(ClickHouse(settings.need_clickhouse()))
    return Finding(
        "ClickHouse logs",
        not endless,
        f"never shrink: {', '.join(sorted(endless))}" if endless else "none grows without end",
        "Give each a <ttl> in the server's configuration, as deploy/clickhouse/config.xml does, and drop them.",
        endless or None,
    )


def _room(settings: Settings) -> Finding:
    postgres = Postgres(settings.need_postgres())
    try:
        found = room(settings, postgres, ClickHouse(settings.need_clickhouse()), ObjectStore(settings.bucket_url))
    finally:
        postgres.close()
    largest = sorted(found.bytes.items(), key=lambda item: -item[1])[:_MOST_OWNERS]
    days, objects = found.days["bucket.raw_events"], found.objects["bucket.raw_events"]
    said = ", ".join(f"{owner} {size / 1024**2:,.1f} MiB" for owner, size in largest if size)
    whole = "" if found.is_whole else " (of the newest days)"
    return Finding("room", True, f"{objects:,} raw objects of {days:,} days{whole}; {said}", bytes=found.bytes)


def _clocks(settings: Settings) -> Finding:
    before = datetime.now(UTC)
    (there,) = ClickHouse(settings.need_clickhouse()).query("SELECT now64(3, 'UTC')").one()
    skew = abs((there - before).total_seconds())
    return Finding(
        "clocks", skew <= _MOST_SKEW_SECONDS, f"ClickHouse's differs by {skew:.1f} s", "Set the clocks by NTP."
    )


def _lag(settings: Settings) -> Finding:
    now = datetime.now(UTC)
    postgres = Postgres(settings.need_postgres())
    try:
        waiting = unloaded(ObjectStore(settings.bucket_url), Ledger(postgres))
    finally:
        postgres.close()
    lag = lag_seconds(waiting, now)
    return Finding(
        "ingestion lag",
        lag <= _MOST_LAG_SECONDS,
        f"{len(waiting)} objects wait, the oldest for {lag:.0f} s",
        "Is Dagster up (`analytics status`)? See its last ingest run.",
    )
