"""Requests to addresses that users typed: they reach the public network and nothing behind our own door."""

import ipaddress
import socket
from ipaddress import IPv4Address, IPv6Address

import httpx

NAT64 = ipaddress.ip_network("64:ff9b::/96")


class PrivateAddress(httpx.ConnectError):
    """The host is inside, or its name leads inside."""


class PublicTransport(httpx.HTTPTransport):
    """Looks a name up itself and connects to the very address it has checked, on redirects as well.

    Checking first and letting the client look up again would leave a gap for a name that changes meanwhile.
    Connections are not kept: they are pooled by address, and one address may serve many names.
    """

    def __init__(self) -> None:
        super().__init__(limits=httpx.Limits(max_keepalive_connections=0), trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii").strip("[]")
        refused: httpx.ConnectError | httpx.ConnectTimeout | None = None
        for address in public_addresses(host, request.url.port or 443):
            pinned = httpx.Request(
                request.method,
                request.url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": host},
            )
            try:
                return super().handle_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as trouble:
                refused = trouble
        assert refused is not None
        raise refused


def client(*, allow_private: bool, user_agent: str, timeout: httpx.Timeout) -> httpx.Client:
    """A client for addresses that users typed; only a development installation allows private ones."""
    return httpx.Client(
        transport=httpx.HTTPTransport(trust_env=False) if allow_private else PublicTransport(),
        headers={"user-agent": user_agent},
        timeout=timeout,
        trust_env=False,
    )


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses a name leads to, or PrivateAddress where any of them is inside."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"The name {host} cannot be looked up.") from error
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not all(is_public(ipaddress.ip_address(address.partition("%")[0])) for address in addresses):
        raise PrivateAddress(f"{host} leads to a private address, which is not allowed here.")
    return addresses


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """True for an address of the public network, also when it carries another address inside."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public(IPv4Address(address.packed[-4:]))
        carried = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if carried:
            return is_public(carried)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast
