"""Which addresses may be reached."""

from ipaddress import ip_address

import pytest

from analytics_pipelines.outbound.addresses import REFUSED, AddressRefused, Allowed, checked, is_public

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "198.18.0.1",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::808:808",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001:0:7f00:1::1",
    "2001:0:808:808:0:0:80ff:fffe",  # Teredo: the client's address is the last part, inverted
    "2a00:1450::5efe:7f00:1",  # ISATAP
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
]
PUBLIC = ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "2002:808:808::1", "64:ff9b::808:808"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_of_the_inside_is_not_public_however_it_is_wrapped(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_open_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "0x7f000001", "127.1", "0", "::1"])
def test_ways_to_write_loopback_are_refused(host: str) -> None:
    with pytest.raises(AddressRefused):
        checked(host, 80)


def test_one_private_address_among_public_ones_refuses_the_name() -> None:
    with pytest.raises(AddressRefused):
        checked("hooks.example", 443, resolve=lambda *_: ["93.184.216.34", "10.0.0.1"])


def test_whatever_is_refused_has_the_same_text() -> None:
    def unknown(*_: object) -> list[str]:
        raise OSError("Name or service not known")

    for resolve, port in ((unknown, 443), (lambda *_: [], 443), (lambda *_: ["10.0.0.1"], 443)):
        with pytest.raises(AddressRefused) as caught:
            checked("hooks.example", port, resolve=resolve)
        assert str(caught.value) == REFUSED
    with pytest.raises(AddressRefused) as caught:
        checked("hooks.example", 22, resolve=lambda *_: ["93.184.216.34"])
    assert str(caught.value) == REFUSED


def test_public_hosts_are_reached_on_the_ports_of_the_web_or_those_named() -> None:
    public = ["93.184.216.34"]
    assert checked("a.example", 80, resolve=lambda *_: public) == public
    assert checked("a.example", 5432, ports={5432}, resolve=lambda *_: public) == public
    assert checked("a.example", 8123, ports=None, resolve=lambda *_: public) == public
    with pytest.raises(AddressRefused):
        checked("a.example", 443, ports={5432}, resolve=lambda *_: public)


def test_an_operator_allows_hosts_ports_and_networks_and_nothing_beside() -> None:
    allowed = Allowed.parse("hooks.internal:8080, crm, 10.1.0.0/16, [::1]:9000, 127.0.0.1:9000")
    assert checked("HOOKS.internal", 8080, allowed, resolve=lambda *_: ["10.0.0.1"]) == ["10.0.0.1"]
    assert checked("crm.", 5000, allowed, resolve=lambda *_: ["10.0.0.1"]) == ["10.0.0.1"]
    assert checked("x.example", 5000, allowed, resolve=lambda *_: ["10.1.2.3"]) == ["10.1.2.3"]
    assert checked("::1", 9000, allowed) == ["::1"]
    assert checked("localhost", 9000, allowed, resolve=lambda *_: ["127.0.0.1"]) == ["127.0.0.1"]
    for host, port, address in (
        ("hooks.internal", 80, "10.0.0.1"),
        ("x.example", 80, "10.2.0.1"),
        ("localhost", 9001, "127.0.0.1"),
    ):
        with pytest.raises(AddressRefused):
            checked(host, port, allowed, resolve=lambda *_, address=address: [address])


@pytest.mark.parametrize("text", ["10.0.0.0/99", "host:0", "host:99999", "host:x", "http://host"])
def test_a_word_that_allows_nothing_is_said_to(text: str) -> None:
    with pytest.raises(ValueError, match=text.split("/")[0].split(":")[0]):
        Allowed.parse(text)
