"""The one client: what it contacts, and for how long."""

import time

import pytest
from hook_receiver import receiving
from hostile_urls import HOSTILE_URLS

from analytics_pipelines.outbound.addresses import REFUSED, AddressRefused, Allowed
from analytics_pipelines.outbound.client import MOST_ANSWER_BYTES, Outbound, SendFailed
from analytics_pipelines.outbound.urls import WrongUrl, checked_url


@pytest.mark.parametrize("url", HOSTILE_URLS)
def test_a_url_that_leads_inside_is_refused_when_saved_and_when_sent_to(url: str) -> None:
    with pytest.raises((AddressRefused, WrongUrl)) as saved:
        checked_url(url)
    with Outbound() as client, pytest.raises((AddressRefused, WrongUrl)) as sent:
        client.send("POST", url, {}, b"{}")
    assert type(saved.value) is type(sent.value)
    if isinstance(saved.value, AddressRefused):
        assert str(saved.value) == str(sent.value) == REFUSED


def test_loopback_is_not_contacted_even_when_something_listens_there() -> None:
    with receiving() as receiver:
        for host in ("127.0.0.1", "localhost", "2130706433", "127.1", "[::ffff:127.0.0.1]"):
            with Outbound() as client, pytest.raises(AddressRefused):
                client.send("POST", f"http://{host}:{receiver.port}/", {}, b"{}")
        assert receiver.connections == 0


def test_a_name_that_turns_inside_after_it_was_saved_is_not_contacted() -> None:
    with receiving() as receiver:
        answers = iter([["93.184.216.34"], ["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]])
        rebinding = lambda *_: next(answers)  # noqa: E731
        checked_url("http://hooks.example/", resolve=rebinding)
        with Outbound(resolve=rebinding) as client:
            for _ in range(2):
                with pytest.raises(AddressRefused):
                    client.send("POST", "http://hooks.example/", {}, b"{}")
        assert receiver.connections == 0


def test_the_address_that_was_checked_is_the_one_that_is_connected_to() -> None:
    with receiving() as receiver:
        asked = []

        def resolve(host: str, port: int) -> list[str]:
            asked.append((host, port))
            return ["127.0.0.1"]

        with Outbound(Allowed.parse(receiver.allowed), resolve=resolve) as client:
            reply = client.send("POST", f"http://no-such-host.invalid:{receiver.port}/x", {"X-A": "b"}, b"{}")
        assert reply.status == 200
        assert asked == [("no-such-host.invalid", receiver.port)]
        assert receiver.got[0].headers["host"] == f"no-such-host.invalid:{receiver.port}"
        assert receiver.got[0].headers["x-a"] == "b"


def test_redirects_are_shown_and_not_followed() -> None:
    with receiving() as inside:
        away = (302, {"Location": inside.url}, b"moved")
        with receiving(lambda *_: away) as receiver, Outbound(Allowed.parse(receiver.allowed)) as client:
            reply = client.send("POST", receiver.url, {}, b"{}")
        assert (reply.status, reply.is_success, inside.connections) == (302, False, 0)


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as proxy, receiving() as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        with Outbound(Allowed.parse(receiver.allowed)) as client:
            assert client.send("POST", receiver.url, {}, b"{}").is_success
        assert proxy.connections == 0


@pytest.mark.parametrize("way", ["hang", "drip"])
def test_a_receiver_that_never_ends_is_left_after_the_time_for_all_of_it(way: str) -> None:
    with receiving(lambda *_: way) as receiver:
        started = time.monotonic()
        with (
            Outbound(Allowed.parse(receiver.allowed), total_seconds=0.3) as client,
            pytest.raises(SendFailed, match="within"),
        ):
            client.send("POST", receiver.url, {}, b"{}")
        assert time.monotonic() - started < 3


def test_a_reset_and_a_closed_port_are_failures_without_the_url() -> None:
    with receiving(lambda *_: "reset") as receiver:
        allowed = Allowed.parse(receiver.allowed)
        with Outbound(allowed) as client, pytest.raises(SendFailed) as caught:
            client.send("POST", receiver.url + "/secret-token", {}, b"{}")
        assert "secret-token" not in str(caught.value)
    with Outbound(allowed) as client, pytest.raises(SendFailed):
        client.send("POST", receiver.url, {}, b"{}")


def test_of_a_long_answer_the_beginning_is_read() -> None:
    with (
        receiving(lambda *_: (200, {}, b"x" * 5_000_000)) as receiver,
        Outbound(Allowed.parse(receiver.allowed)) as client,
    ):
        assert len(client.send("POST", receiver.url, {}, b"{}").text) == MOST_ANSWER_BYTES


def test_a_connection_is_kept_between_requests() -> None:
    with receiving() as receiver, Outbound(Allowed.parse(receiver.allowed)) as client:
        for _ in range(3):
            client.send("POST", receiver.url, {}, b"{}")
        assert receiver.connections == 1
        assert len(receiver.got) == 3
