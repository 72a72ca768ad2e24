"""What SDKs ask for beside sending: configuration and flags."""

import gzip
import json
from base64 import b64encode
from typing import Any
from urllib.parse import quote

import pytest

pytestmark = pytest.mark.engines


@pytest.fixture
def client(capture: Any) -> Any:
    return capture.app.test_client()


def test_the_configuration_says_where_to_send_and_that_there_are_no_flags(capture: Any, client: Any) -> None:
    config = client.get(f"/array/{capture.token}/config").json
    assert config["token"] == capture.token
    assert config["supportedCompression"] == ["gzip", "gzip-js"]
    assert config["analytics"] == {"endpoint": "/i/v0/e/"}
    assert (config["hasFeatureFlags"], config["surveys"], config["siteApps"]) == (False, False, [])
    assert (config["sessionRecording"], config["autocapture_opt_out"]) == (False, False)


def test_the_configuration_follows_the_projects_settings(capture: Any, client: Any, accounts: Any) -> None:
    with accounts.rules(session_recording_opt_in=True, autocapture_opt_out=True):
        capture.process.projects.refresh()
        config = client.get(f"/array/{capture.token}/config").json
    assert config["sessionRecording"]["endpoint"] == "/s/"
    assert config["autocapture_opt_out"] is True


def test_the_script_leaves_the_configuration_where_the_sdk_looks(capture: Any, client: Any) -> None:
    answer = client.get(f"/array/{capture.token}/config.js")
    assert answer.mimetype == "application/javascript"
    assert answer.text.startswith("(function(){window._POSTHOG_REMOTE_CONFIG=")
    text = answer.text[answer.text.index("{},") + 3 : answer.text.rindex(")})()")]
    found = json.loads(text)[capture.token]
    assert found["config"] == client.get(f"/array/{capture.token}/config").json
    assert found["siteApps"] == []


@pytest.mark.parametrize("name", ["config", "config.js"])
def test_a_stranger_gets_no_configuration(client: Any, name: str) -> None:
    answer = client.get(f"/array/phc_stranger/{name}")
    assert (answer.status_code, answer.json["type"]) == (401, "authentication_error")
    assert client.get(f"/array/%3Cscript%3E/{name}").status_code == 401


@pytest.mark.parametrize("path", ["/flags", "/flags/"])
@pytest.mark.parametrize("version", ["2", "4"])
def test_flags_are_none_in_the_form_that_was_asked_for(capture: Any, client: Any, path: str, version: str) -> None:
    answer = client.post(f"{path}?v={version}", json={"token": capture.token, "distinct_id": "ada"})
    assert answer.status_code == 200
    assert answer.json["flags"] == {}
    assert answer.json["errorsWhileComputingFlags"] is False
    assert answer.json["requestId"]
    assert answer.json["evaluatedAt"] > 1_700_000_000_000
    assert "supportedCompression" not in answer.json
    old = client.post(f"{path}?v=1", json={"api_key": capture.token, "distinct_id": "ada"}).json
    assert (old["featureFlags"], old["featureFlagPayloads"]) == ({}, {})


@pytest.mark.parametrize("query", ["", "?v=2&config=true"])
def test_flags_come_with_the_configuration_when_it_is_asked_for(capture: Any, client: Any, query: str) -> None:
    answer = client.post(f"/flags{query}", json={"token": capture.token})
    assert answer.json["supportedCompression"] == ["gzip", "gzip-js"]


@pytest.mark.parametrize(
    ("version", "key", "none"),
    [(1, "featureFlags", []), (2, "featureFlags", {}), (3, "featureFlags", {}), (4, "flags", {})],
)
def test_old_sdks_decide_in_their_own_versions(capture: Any, client: Any, version: int, key: str, none: Any) -> None:
    answer = client.post(f"/decide/?v={version}", json={"token": capture.token, "distinct_id": "ada"})
    assert answer.json[key] == none
    assert answer.json["supportedCompression"] == ["gzip", "gzip-js"]


def test_a_request_for_flags_may_be_packed_as_events_are(capture: Any, client: Any) -> None:
    text = json.dumps({"token": capture.token, "distinct_id": "ada", "groups": {}}).encode()
    form = b"data=" + quote(b64encode(text)).encode()
    for body in (text, gzip.compress(text), form, b64encode(text)):
        assert client.post("/flags/?v=2", data=body).json["flags"] == {}
    assert client.post("/decide/?v=3&compression=base64", data=form).json["featureFlags"] == {}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"token": "phc_stranger"}', b"\xff\x00", b'{"token": 7}'])
def test_flags_are_for_projects_only(client: Any, body: bytes) -> None:
    answer = client.post("/flags/?v=2", data=body)
    assert answer.status_code in {400, 401}
    assert set(answer.json) == {"type", "code", "detail", "attr"}


def test_flags_answer_browsers_from_any_site(capture: Any, client: Any) -> None:
    origin = {"Origin": "https://shop.example", "Access-Control-Request-Headers": "x-one"}
    for answer in (
        client.options("/flags/?v=2", headers=origin),
        client.post("/flags/?v=2", json={"token": capture.token}, headers=origin),
        client.get(f"/array/{capture.token}/config.js", headers=origin),
        client.get("/array/phc_stranger/config", headers=origin),
    ):
        assert answer.headers["Access-Control-Allow-Origin"] == "https://shop.example"
        assert answer.headers["Access-Control-Allow-Headers"] == "x-one"


@pytest.mark.parametrize(
    "path", ["/flags/definitions", "/api/feature_flag/local_evaluation/", "/api/feature_flag/local_evaluation"]
)
def test_definitions_are_none_and_known_by_their_tag(capture: Any, client: Any, path: str) -> None:
    answer = client.get(f"{path}?token={capture.token}&send_cohorts")
    assert answer.json == {"flags": [], "group_type_mapping": {}, "cohorts": {}}
    again = client.get(f"{path}?token={capture.token}", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(f"{path}?token=phc_stranger").status_code == 401


@pytest.mark.parametrize("name", ["surveys", "early_access_features", "web_experiments", "product_tours"])
def test_what_does_not_exist_yet_is_an_empty_list(capture: Any, client: Any, name: str) -> None:
    answer = client.get(f"/api/{name}/?token={capture.token}")
    assert [] in answer.json.values()
