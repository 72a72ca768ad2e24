"""The client of ClickHouse: how it connects."""

from typing import Any

import clickhouse_connect
import pytest

from resources.clickhouse import ClickHouse
from tests.conftest import Engines

pytestmark = pytest.mark.engines


def test_who_asks_about_something_asks_by_the_same_connections(
    engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []
    make = clickhouse_connect.get_client
    monkeypatch.setattr(clickhouse_connect, "get_client", lambda **given: made.append(make(**given)) or made[-1])
    clickhouse = ClickHouse(engines.clickhouse_url("default"), {"service": "web"})
    comments = [
        client.query("SELECT getSetting('log_comment')").one()[0]
        for client in (clickhouse.about(team_id=1), clickhouse.about(team_id=2), clickhouse)
    ]
    assert comments == ['{"service": "web", "team_id": 1}', '{"service": "web", "team_id": 2}', '{"service": "web"}']
    assert len(made) == 1
