"""The stores of these tests."""

import pytest
from person_tables import Tables

from resources.clickhouse import ClickHouse
from resources.postgres import Postgres


@pytest.fixture
def tables(clickhouse: ClickHouse, postgres: Postgres) -> Tables:
    return Tables(clickhouse, postgres)
