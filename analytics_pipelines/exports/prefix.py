"""Where the files of an interval lie: a template of folders, and names that follow from the interval alone."""

from __future__ import annotations

import re
from string import Formatter

from analytics_pipelines.exports.intervals import Every, Interval

# Of these the interval's folder must have, so that no two intervals share one.
_TELLS_DAY, _TELLS_HOUR = ({"year", "month", "day"}, {"data_interval_start"}), ({"hour"}, {"data_interval_start"})
_FIELDS = (
    "team_id",
    "table",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "data_interval_start",
    "data_interval_end",
)
# No sign that a URL, a glob of ClickHouse's, a file system or Hadoop's paths (which refuse colons) takes for its own.
_SEGMENT = re.compile(r"[A-Za-z0-9_.=-]{1,200}")
_MOST_CHARACTERS = 500
_STAMP = "%Y%m%dT%H%M%SZ"


class WrongPrefix(ValueError):
    """What is wrong with a template, in words for whoever wrote it."""


def checked_prefix(template: str) -> str:
    """The template, if it can only ever name folders below the destination's own. Raises WrongPrefix.

    >>> checked_prefix("product/{table}/date={year}-{month}-{day}")
    'product/{table}/date={year}-{month}-{day}'
    """
    if len(template) > _MOST_CHARACTERS:
        raise WrongPrefix(f"At most {_MOST_CHARACTERS} characters.")
    try:
        for _, name, form, conversion in Formatter().parse(template):
            if name is not None and (name not in _FIELDS or form or conversion):
                raise WrongPrefix(
                    f"{{{name}}} stands for nothing; there is {', '.join(f'{{{each}}}' for each in _FIELDS)}."
                )
    except ValueError as error:
        raise error if isinstance(error, WrongPrefix) else WrongPrefix("Its braces do not match.") from None
    sample = template.format(**dict.fromkeys(_FIELDS, "0"))
    for segment in sample.split("/") if sample else ():
        if segment in (".", "..") or not _SEGMENT.fullmatch(segment):
            raise WrongPrefix(
                "Folders are separated by single slashes, and their names made of letters, digits and _ . = - only."
            )
    return template


def default_prefix(every: Every, *, with_team: bool) -> str:
    """Hive's layout, which DuckDB, Spark, Athena and pyarrow read partitions from."""
    parts = ["team_id={team_id}"] if with_team else []
    parts += ["{table}", "date={year}-{month}-{day}", *(["hour={hour}"] if every is Every.HOUR else [])]
    return "/".join(parts)


def folder_of(template: str, interval: Interval, every: Every, *, team_id: int, table: str) -> str:
    """The folder of the interval, without slashes around it; `date=…` and `hour=…` where the template leaves them out.

    >>> from datetime import UTC, datetime
    >>> one = Interval(datetime(2026, 11, 24, 10, tzinfo=UTC), datetime(2026, 11, 24, 11, tzinfo=UTC))
    >>> folder_of("mine/{table}", one, Every.HOUR, team_id=1, table="events")
    'mine/events/date=2026-11-24/hour=10'
    """
    used = {name for _, name, _, _ in Formatter().parse(template) if name}
    parts = [template] if template else []
    if not any(each <= used for each in _TELLS_DAY):
        parts.append("date={year}-{month}-{day}")
    if every is Every.HOUR and not any(each <= used for each in _TELLS_HOUR):
        parts.append("hour={hour}")
    start = interval.start
    return "/".join(parts).format(
        team_id=team_id,
        table=table,
        year=f"{start:%Y}",
        month=f"{start:%m}",
        day=f"{start:%d}",
        hour=f"{start:%H}",
        minute=f"{start:%M}",
        second=f"{start:%S}",
        data_interval_start=f"{start:{_STAMP}}",
        data_interval_end=f"{interval.end:{_STAMP}}",
    )


def file_name(interval: Interval, number: int, extension: str) -> str:
    """The name of one file of an interval: the same on every try.

    >>> from datetime import UTC, datetime
    >>> one = Interval(datetime(2026, 11, 24, 10, tzinfo=UTC), datetime(2026, 11, 24, 11, tzinfo=UTC))
    >>> file_name(one, 0, "parquet")
    '20261124T100000Z-20261124T110000Z-0.parquet'
    """
    return f"{interval.start:{_STAMP}}-{interval.end:{_STAMP}}-{number}.{extension}"


def is_file_of(name: str, interval: Interval) -> bool:
    """Whether a name is one that `file_name` gives to the interval, of whatever format."""
    own = f"{interval.start:{_STAMP}}-{interval.end:{_STAMP}}-"
    return re.fullmatch(re.escape(own) + r"[0-9]+\.[a-z0-9.]+", name) is not None
