"""Client addresses: whose it is behind a proxy, and how much of it is written down."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

KEPT_BITS = {4: 24, 6: 48}
# A proxy on this very machine is ours; anyone else's X-Forwarded-For is hearsay.
OWN_PROXIES = frozenset({"127.0.0.1", "::1"})


def of_client(peer: str, forwarded_for: bytes | None) -> str:
    """The address that the nearest trusted party saw."""
    if forwarded_for is None or peer not in OWN_PROXIES:
        return peer
    return forwarded_for.rpartition(b",")[2].strip().decode("latin-1")


@lru_cache(maxsize=65536)
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
