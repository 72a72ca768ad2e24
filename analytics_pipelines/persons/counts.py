"""How many persons there are."""

from dataclasses import dataclass

from resources.clickhouse import ClickHouse


@dataclass(frozen=True)
class Counts:
    """Of all projects. `lost_ids` are distinct ids whose person is not there; it should be 0."""

    persons: int
    ids: int
    overrides: int
    lost_ids: int


def count_persons(clickhouse: ClickHouse) -> Counts:
    """The numbers as they are published."""
    row = clickhouse.query(
        "SELECT (SELECT count() FROM persons FINAL WHERE is_deleted = 0),"
        " (SELECT count() FROM person_distinct_ids FINAL WHERE is_deleted = 0),"
        " (SELECT count() FROM person_overrides FINAL WHERE is_deleted = 0),"
        " (SELECT count() FROM person_distinct_ids FINAL WHERE is_deleted = 0 AND (team_id, person_id) GLOBAL NOT IN"
        "  (SELECT team_id, id FROM persons FINAL WHERE is_deleted = 0))"
    ).one()
    return Counts(*(int(each) for each in row))
