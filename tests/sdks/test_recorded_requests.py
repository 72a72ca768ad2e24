"""What SDKs of all ages put on the wire, literally, and the rows it becomes."""

import http.client

import pytest
from corpus import RECORDINGS, Recording
from receiver import Receiver

pytestmark = pytest.mark.engines


def send(receiver: Receiver, recording: Recording) -> tuple[int, bytes]:
    body = recording.body(receiver.token)
    connection = http.client.HTTPConnection("127.0.0.1", receiver.port, timeout=10)
    try:
        if recording.method == "GET":  # what would be the body stands in the address
            connection.request("GET", recording.target.format(body.decode()), headers=recording.headers)
        else:
            connection.request("POST", recording.target, body, recording.headers)
        answer = connection.getresponse()
        if "Origin" in recording.headers:
            assert answer.headers["Access-Control-Allow-Origin"] == recording.headers["Origin"]
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_a_recorded_request_becomes_its_events(receiver: Receiver, recording: Recording) -> None:
    assert send(receiver, recording) == recording.answer
    assert send(receiver, recording) == recording.answer  # a client that lost the answer
    stored = receiver.stored()
    if not all(each.uuid for each in recording.expected):  # those who name no uuid are not known again
        assert len(stored) == 2 * len(recording.expected)
        stored = stored[: len(recording.expected)]
    found = sorted(stored, key=lambda each: each.uuid)
    expected = sorted(recording.expected, key=lambda each: each.uuid or "")
    assert [(each.event, each.distinct_id, each.elements_chain) for each in found] == [
        (each.event, each.distinct_id, each.elements_chain) for each in expected
    ]
    for row, wanted in zip(found, expected, strict=True):
        assert wanted.uuid in (row.uuid, None)
        assert row.timestamp == (row.received_at - wanted.ago if wanted.ago is not None else wanted.at), wanted.event
        assert {name: row.properties.get(name) for name in wanted.properties} == wanted.properties
