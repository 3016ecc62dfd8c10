"""The public network: what users' addresses may reach, and how long it may take."""

import http.server
import ipaddress
import threading
from collections.abc import Iterator

import httpx
import pytest

from connectors import public_network
from connectors.public_network import NotAllowed, NoWebPort, PrivateAddress


class Host:
    """A host on loopback that keeps connections, counts them, and hands out a cookie."""

    def __init__(self) -> None:
        self.connections = 0
        self.cookies: list[str | None] = []
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                host.connections += 1
                super().setup()

            def do_GET(self) -> None:
                host.cookies.append(self.headers.get("cookie"))
                self.send_response(200)
                self.send_header("set-cookie", "who=you; Path=/")
                self.send_header("content-length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def url(self, name: str = "127.0.0.1") -> str:
        return f"http://{name}:{self._server.server_port}/"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def host() -> Iterator[Host]:
    running = Host()
    yield running
    running.close()


def opened(*, allow_private: bool = True, kept: int = 0) -> httpx.Client:
    return public_network.client(
        allow_private=allow_private, user_agent="x", timeout=httpx.Timeout(5), kept=kept
    )


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "fec0::1", "ff02::1",
        "::ffff:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1",
        "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "100::1",
    ],
)  # fmt: skip
def test_what_is_inside(address: str):
    with pytest.raises(PrivateAddress):
        public_network.public_addresses(address, 80)


@pytest.mark.parametrize(
    "name",
    ["localhost", "LOCALHOST", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "0", "fe80::1%1"],
)
def test_other_ways_to_write_what_is_inside(name: str):
    with pytest.raises(PrivateAddress):
        public_network.public_addresses(name, 80)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::1111", "64:ff9b::5db8:d70e"])
def test_what_is_outside(address: str):
    assert public_network.public_addresses(address, 80) == [address]
    assert public_network.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("port", [1, 22, 25, 110, 143, 443 + 1, 587, 1023, 2049, 6000, 6667])
def test_ports_of_other_protocols_are_refused(port: int):
    with pytest.raises(NoWebPort, match=str(port)):
        public_network.public_addresses("93.184.215.14", port)


@pytest.mark.parametrize("port", [80, 443, 1024, 3000, 8000, 8080, 8443, 65535])
def test_ports_on_which_the_web_is_served(port: int):
    assert public_network.public_addresses("93.184.215.14", port)


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]"])
def test_the_guarded_client_reaches_nothing_inside(host: Host, name: str):
    with opened(allow_private=False) as client, pytest.raises(NotAllowed):
        client.get(host.url(name))
    assert host.connections == 0


def test_the_guard_connects_to_the_address_it_checked(host: Host, monkeypatch: pytest.MonkeyPatch):
    """With loopback declared public, the guarded client reads the page under the name it was asked for."""
    monkeypatch.setattr(public_network, "is_public", lambda _: True)
    with opened(allow_private=False) as client:
        answer = client.get(host.url("localhost"))
        assert answer.text == "ok"
        assert answer.request.headers["host"].startswith("localhost:")


def test_the_environment_names_no_proxy(host: Host, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with opened() as client:
        assert client.get(host.url()).text == "ok"


def test_connections_are_kept_on_request_and_by_name(host: Host):
    with opened(kept=4) as client:
        for name in ("127.0.0.1", "localhost", "127.0.0.1", "localhost"):
            assert client.get(host.url(name)).text == "ok"
    assert host.connections == 2


def test_connections_are_not_kept_unless_asked_for(host: Host):
    with opened() as client:
        for _ in range(3):
            assert client.get(host.url()).text == "ok"
    assert host.connections == 3


def test_cookies_are_never_kept(host: Host):
    with opened(kept=1) as client:
        for _ in range(2):
            client.get(host.url())
        assert not client.cookies
    assert host.cookies == [None, None]


def test_when_the_time_is_up_nothing_is_asked_any_more(host: Host):
    with opened(kept=1) as client:
        client.get(host.url())
        with public_network.within(0), pytest.raises(httpx.TimeoutException):
            client.get(host.url())
        with public_network.within(60):
            assert client.get(host.url()).text == "ok"
        assert client.get(host.url()).text == "ok"


def test_a_name_that_leads_nowhere():
    """So long that no resolver need be asked."""
    with opened() as client, pytest.raises(httpx.ConnectError, match="looked up"):
        client.get(f"http://{'nowhere' * 10}/")
