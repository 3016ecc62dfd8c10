"""Client addresses: whose they are behind our proxies, and what is kept of them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

from marketing_pipelines.events.countries import Places
from marketing_pipelines.events.crawlers import VerifiedBots

KEPT_BITS = {4: 24, 6: 48}
REMEMBERED = 65536


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """What an address tells; the whole of it goes no further than the request."""

    address: str
    shortened: str
    country: str = ""
    city: str = ""
    asn: int = 0
    verified_bot: str = ""


NOWHERE = Whereabouts("", "")


class Atlas:
    """Looks addresses up; each only once while it keeps coming."""

    def __init__(self, places: Places, bots: VerifiedBots) -> None:
        def look_up(address: str) -> Whereabouts:
            place = places.of(address)
            return Whereabouts(
                address,
                shortened(address),
                place.country,
                place.city,
                place.asn,
                bots.name_of(address),
            )

        self.of: Callable[[str], Whereabouts] = lru_cache(REMEMBERED)(look_up)


class Proxies:
    """Our own proxies: what they say of the visitor's address is believed, and nobody else's word."""

    def __init__(self, networks: Iterable[str]) -> None:
        ours = [ip_network(network.strip()) for network in networks]

        def is_ours(address: str) -> bool:
            try:
                whole = ip_address(address)
            except ValueError:
                return False
            return any(whole in network for network in ours)

        self._is_ours = lru_cache(REMEMBERED)(is_ours)

    def visitor(self, peer: str, forwarded_for: bytes | None) -> str:
        """The last address on the way that is not one of ours."""
        if forwarded_for is None or not self._is_ours(peer):
            return peer
        for hop in reversed(forwarded_for.decode("latin-1").split(",")[-16:]):
            address = _without_port(hop.strip())
            if not self._is_ours(address):
                return address
        return peer


@lru_cache(REMEMBERED)
def shortened(address: str) -> str:
    """The network of an address (/24 or /48): enough for a region, too little for a person."""
    try:
        whole = ip_address(address)
    except ValueError:
        return ""
    if isinstance(whole, IPv6Address) and whole.ipv4_mapped:
        whole = whole.ipv4_mapped
    hidden = whole.max_prefixlen - KEPT_BITS[whole.version]
    return str(type(whole)(int(whole) >> hidden << hidden))


def _without_port(hop: str) -> str:
    """An address as some proxies write it: 192.0.2.1:4711 or [2001:db8::1]:4711."""
    if hop.startswith("["):
        return hop[1:].partition("]")[0]
    return hop.partition(":")[0] if hop.count(":") == 1 else hop
