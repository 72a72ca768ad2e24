"""Which addresses may be reached from here: public ones, and those that the operator allows.

A name is resolved and *all* of its addresses are checked; who connects must connect to one of those and not resolve
again, or a name could point elsewhere by then.
"""

import socket
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolver = Callable[[str, int], Collection[str]]
"""(host, port) → its addresses as text. Raises OSError when there are none."""

WEB_PORTS = frozenset({80, 443})

# One text for whatever is refused: what differs would tell which names and ports there are within the network.
REFUSED = "This address can't be reached from here: it must be a public host, on a port that is allowed."

# IPv6 addresses that stand for an IPv4 one, which is what is reached.
_V4_COMPATIBLE = IPv6Network("::/96")
_NAT64 = IPv6Network("64:ff9b::/96")
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})
# Python calls these global in some of its versions.
_NEVER = (IPv6Network("64:ff9b:1::/48"), IPv6Network("fec0::/10"), IPv4Network("192.88.99.0/24"))


class AddressRefused(Exception):
    """The address is none that may be reached; the text is the same for each of them."""

    def __init__(self) -> None:
        super().__init__(REFUSED)


@dataclass(frozen=True)
class Allowed:
    """What an operator allows beside public addresses: host names and networks, each on one port or on all (None)."""

    hosts: frozenset[tuple[str, int | None]] = frozenset()
    networks: frozenset[tuple[Network, int | None]] = frozenset()

    @classmethod
    def parse(cls, text: str) -> "Allowed":
        """Of `host`, `host:port`, addresses and CIDR ranges, separated by commas. Raises ValueError.

        >>> sorted(Allowed.parse("hooks.internal:8080, crm").hosts, key=str)
        [('crm', None), ('hooks.internal', 8080)]
        >>> Allowed.parse("10.1.0.0/16").networks
        frozenset({(IPv4Network('10.1.0.0/16'), None)})
        """
        hosts, networks = set(), set()
        for item in filter(None, (part.strip().lower() for part in text.split(","))):
            name, port = _host_and_port(item)
            try:
                networks.add((ip_network(name), port))
            except ValueError:
                if "/" in name or ":" in name or not name:
                    raise ValueError(f"{item} is no host, host:port or network such as 10.0.0.0/8") from None
                hosts.add((name.rstrip("."), port))
        return cls(frozenset(hosts), frozenset(networks))

    def host(self, host: str, port: int) -> bool:
        """Whether the name is allowed, whatever its addresses are."""
        return not self.hosts.isdisjoint({(host.lower().rstrip("."), None), (host.lower().rstrip("."), port)})

    def address(self, address: Address, port: int) -> bool:
        """Whether one of the networks holds the address."""
        return any(
            address.version == network.version and address in network and at in (None, port)
            for network, at in self.networks
        )


NOTHING = Allowed()


def resolved(host: str, port: int) -> list[str]:
    """What the system's resolver says. It reads `127.1`, `0x7f000001` and the like as the addresses that they are."""
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def checked(
    host: str,
    port: int,
    allowed: Allowed = NOTHING,
    *,
    ports: Collection[int] | None = WEB_PORTS,
    resolve: Resolver = resolved,
) -> list[str]:
    """The addresses of a host, each of which may be reached on that port; connect to one of these.

    `ports` are those that public hosts may be reached on (None: any). Raises AddressRefused, also when the name is
    unknown.
    """
    try:
        found = [str(address).partition("%")[0] for address in resolve(host, port)]
    except (OSError, UnicodeError):
        raise AddressRefused from None
    if not found:
        raise AddressRefused
    if allowed.host(host, port):
        return found
    for text in found:
        address = ip_address(text)
        in_public = is_public(address) and (ports is None or port in ports)
        if not in_public and not allowed.address(address, port):
            raise AddressRefused
    return found


def is_public(address: Address) -> bool:
    """Whether the address, and each that it stands for, is one of the open Internet.

    >>> is_public(ip_address("93.184.216.34")), is_public(ip_address("64:ff9b::7f00:1"))
    (True, False)
    """
    return all(
        each.is_global
        and not (each.is_multicast or each.is_reserved or each.is_unspecified or each.is_link_local or each.is_loopback)
        and not any(each.version == network.version and each in network for network in _NEVER)
        for each in _meant(address)
    )


def _meant(address: Address) -> Iterator[Address]:
    """The addresses that are reached by it: its own, or those that are wrapped in it."""
    if isinstance(address, IPv4Address):
        yield address
    elif address.ipv4_mapped:
        yield address.ipv4_mapped
    elif address.sixtofour:
        yield address.sixtofour
    elif address.teredo:
        yield from address.teredo
    elif address in _NAT64 or address in _V4_COMPATIBLE:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    elif (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        yield address
        yield IPv4Address(int(address) & 0xFFFFFFFF)
    else:
        yield address


def _host_and_port(item: str) -> tuple[str, int | None]:
    """`host:8080` in two; an IPv6 address needs brackets before a port."""
    if item.startswith("["):
        name, _, rest = item[1:].partition("]")
        port = rest.removeprefix(":")
    elif item.count(":") == 1:
        name, _, port = item.partition(":")
    else:
        name, port = item, ""
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise ValueError(f"{item} has no port between 1 and 65535")
    return name, int(port) if port else None
