"""The platform's numbers: what is away is zero or left out, never a reassuring value."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from analytics_pipelines.events import zstd
from analytics_pipelines.events.keys import raw_key
from analytics_pipelines.settings import load_settings
from analytics_pipelines.web.app import create_app
from resources.object_store import ObjectStore

pytestmark = pytest.mark.engines


def numbers(app: Any) -> dict[str, float]:
    text = app.test_client().get("/metrics").text
    return {name: float(value) for name, value in re.findall(r"^(analytics_\S+) (\S+)$", text, re.MULTILINE)}


def test_objects_that_wait_are_counted(migrated: Any, store: ObjectStore) -> None:
    received = datetime.now(UTC) - timedelta(seconds=90)
    payload = zstd.compress(b"{}\n")
    store.put(raw_key(received, "node", payload), payload)
    app = create_app(
        load_settings(
            postgres_url=migrated.postgres_url,
            clickhouse_url=migrated.clickhouse_url,
            clickhouse_reader_url=migrated.reader_url,
            object_store_url=store.url,
        )
    )
    found = numbers(app)
    app.extensions["analytics"].postgres.close()
    assert found['analytics_up{part="postgres"}'] == found['analytics_up{part="clickhouse"}'] == 1
    assert found["analytics_pending_objects"] == 1
    assert 85 < found["analytics_ingest_lag_seconds"] < 200


def test_what_is_away_is_said_to_be_away(monkeypatch: pytest.MonkeyPatch, store: ObjectStore) -> None:
    from resources import postgres as postgres_module

    monkeypatch.setattr(postgres_module, "CONNECT_SECONDS", 0.3)
    app = create_app(
        load_settings(
            postgres_url="postgresql://a:b@127.0.0.1:1/none",
            clickhouse_url="http://a:b@127.0.0.1:1/none",
            object_store_url=store.url,
        )
    )
    found = numbers(app)
    app.extensions["analytics"].postgres.close()
    assert found == {'analytics_up{part="postgres"}': 0, 'analytics_up{part="clickhouse"}': 0}
