"""Requests to addresses that users typed: they reach the public network and nothing behind our own door."""

import ipaddress
import math
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Any

import httpcore
import httpx

NAT64 = IPv6Network("64:ff9b::/96")
GLOBAL_UNICAST = IPv6Network("2000::/3")
WEB_PORTS = frozenset({80, 443})
# Of the ports that any program may open: those of other protocols, which browsers refuse as well.
OTHER_PROTOCOLS = frozenset(
    {1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, *range(6665, 6670), 6679, 6697, 10080}
)
MOST_ADDRESSES = 4
MOST_CONNECTIONS = 100
KEPT_SECONDS = 5.0

_over_at: ContextVar[float] = ContextVar("over_at", default=math.inf)


class NotAllowed(httpx.ConnectError):
    """This installation does not go there."""


class PrivateAddress(NotAllowed):
    """The host is inside, or its name leads inside."""


class NoWebPort(NotAllowed):
    """Behind the port another protocol is spoken, whose server might take a request for its own commands."""


def client(
    *,
    allow_private: bool,
    user_agent: str,
    timeout: httpx.Timeout,
    kept: int = 0,
    tls: ssl.SSLContext | None = None,
) -> httpx.Client:
    """A client for addresses that users typed; only a development installation allows private ones.

    It remembers no cookies. `kept` connections stay open for the next request to the same name; whoever sends
    what must not be sent twice keeps none, since a kept one may be closed at the very moment it is used.
    """
    return httpx.Client(
        transport=PublicTransport(allow_private=allow_private, kept=kept, tls=tls),
        headers={"user-agent": user_agent},
        timeout=timeout,
        trust_env=False,
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
    )


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Whatever is asked inside is over by then, in headers and body, however steadily a host drips.

    Only the look-up of a name takes as long as the system's resolver lets it.
    """
    token = _over_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _over_at.reset(token)


class PublicTransport(httpx.HTTPTransport):
    """httpx's own, whose connections lead to addresses that were checked.

    The pool knows connections by the name they were asked for, and a connection stays with the address it
    was made to: one that is kept is as safe as when it was new, whatever the name says meanwhile.
    """

    def __init__(
        self, *, allow_private: bool = False, kept: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        # The parent's pool is never built: were it kept under another name one day, nothing would be reached
        # rather than everything.
        self._pool = httpcore.ConnectionPool(
            ssl_context=tls or httpx.create_ssl_context(trust_env=False),
            max_connections=MOST_CONNECTIONS,
            max_keepalive_connections=kept,
            keepalive_expiry=KEPT_SECONDS,
            network_backend=_CheckedNetwork(allow_private=allow_private),
        )


class _CheckedNetwork(httpcore.NetworkBackend):
    """Looks a name up itself and connects to the very address it has checked.

    Checking first and letting the client look up again would leave a gap for a name that changes meanwhile.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = addresses_of(host, port) if self._allow_private else public_addresses(host, port)
        refused: httpcore.ConnectError | httpcore.ConnectTimeout | None = None
        for address in addresses[:MOST_ADDRESSES]:
            patience = _left_of(timeout, httpcore.ConnectTimeout)
            try:
                stream = self._network.connect_tcp(address, port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as trouble:
                refused = trouble
            else:
                return _Timed(stream)
        assert refused is not None
        raise refused


class _Timed(httpcore.NetworkStream):
    """A connection on which nothing takes longer than `within` allows."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left_of(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left_of(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        patience = _left_of(timeout, httpcore.ConnectTimeout)
        return _Timed(self._stream.start_tls(ssl_context, server_hostname, patience))

    def close(self) -> None:
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left_of(timeout: float | None, over: type[httpcore.TimeoutException]) -> float | None:
    """The seconds that a step may take: its own, or fewer where all together must be over sooner."""
    left = _over_at.get() - time.monotonic()
    if left <= 0:
        raise over("The time for the whole request is up.")
    if timeout is None:
        return None if left == math.inf else left
    return min(timeout, left)


def addresses_of(host: str, port: int) -> list[str]:
    """The addresses that a name leads to, the resolver's first choice first."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"The name {host} cannot be looked up.") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def public_addresses(host: str, port: int) -> list[str]:
    """The addresses a name leads to, or a refusal where any of them is inside or the port is no web server's."""
    if not is_web_port(port):
        raise NoWebPort(f"Port {port} of {host} is not one that web servers use.")
    addresses = addresses_of(host, port)
    if not all(is_public(ipaddress.ip_address(address.partition("%")[0])) for address in addresses):
        raise PrivateAddress(f"{host} leads to a private address, which is not allowed here.")
    return addresses


def is_web_port(port: int) -> bool:
    """True for the web's own ports and for those that any program may open and no other protocol claims."""
    return port in WEB_PORTS or (port >= 1024 and port not in OTHER_PROTOCOLS)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """True for an address of the public network, also when it carries another address inside."""
    if isinstance(address, IPv6Address):
        if address in NAT64:
            return is_public(IPv4Address(address.packed[-4:]))
        carried = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if carried:
            return is_public(carried)
        if address not in GLOBAL_UNICAST:
            return False
    return address.is_global and not address.is_multicast
