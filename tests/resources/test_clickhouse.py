"""The client of ClickHouse: how it connects."""

from typing import Any

import clickhouse_connect
import pytest
from faultproxy import FaultProxy

from resources.clickhouse import ClickHouse, ClickHouseUnavailable
from tests.conftest import Engines

pytestmark = pytest.mark.engines


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The driver's clients that a test has made."""
    found: list[Any] = []
    make = clickhouse_connect.get_client
    monkeypatch.setattr(clickhouse_connect, "get_client", lambda **given: found.append(make(**given)) or found[-1])
    monkeypatch.setattr("resources.clickhouse._SERVERS", {})
    return found


def test_who_asks_about_something_asks_by_the_same_connections(engines: Engines, made: list[Any]) -> None:
    clickhouse = ClickHouse(engines.clickhouse_url("default"), {"service": "web"})
    comments = [
        client.query("SELECT getSetting('log_comment')").one()[0]
        for client in (clickhouse.about(team_id=1), clickhouse.about(team_id=2), clickhouse)
    ]
    assert comments == ['{"service": "web", "team_id": 1}', '{"service": "web", "team_id": 2}', '{"service": "web"}']
    assert len(made) == 1


def test_databases_of_a_server_share_its_connections_and_nothing_else(engines: Engines, made: list[Any]) -> None:
    clients = [ClickHouse(engines.clickhouse_url(name)) for name in ("default", "system", "default")]
    assert [client.query("SELECT currentDatabase()").one()[0] for client in clients] == ["default", "system", "default"]
    assert len(made) == 1
    ClickHouse(engines.clickhouse_url("system", "reader")).check()
    assert len(made) == 2


def test_a_server_that_is_away_is_told_and_found_when_it_is_back(engines: Engines, made: list[Any]) -> None:
    with FaultProxy(engines.clickhouse_port, ["reset"] * 20) as proxy:
        url = engines.clickhouse_url("default").replace(f":{engines.clickhouse_port}", f":{proxy.port}")
        clickhouse = ClickHouse(url)
        with pytest.raises(ClickHouseUnavailable):
            clickhouse.check()
        proxy.plan.clear()
        assert clickhouse.check()
        assert ClickHouse(url).check()
