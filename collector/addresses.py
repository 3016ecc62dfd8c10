"""Client addresses: how much of them is written down."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address

KEPT_BITS = {4: 24, 6: 48}


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
