"""Amazon's and Google's side: an HTTPS server of our own that stands for their addresses, and for no others."""

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from jwt.algorithms import RSAAlgorithm

from tests.collector.hooks.senders import (
    AMAZON_KEY,
    CERTIFICATE_PATH,
    GOOGLE_KEY,
    GOOGLE_KEY_ID,
    NOW,
)

HOSTS = ("sns.eu-central-1.amazonaws.com", "www.googleapis.com")
KEYS_PATH = "/oauth2/v3/certs"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def certificate(
    key: Key,
    *,
    issuer: tuple[Key, str] | None = None,
    hosts: tuple[str, ...] = (),
    around: datetime | None = None,
) -> x509.Certificate:
    """One that is valid for a year around a moment; without an issuer it vouches for itself and for others."""
    around = around or datetime.now(UTC)
    name = hosts[0] if hosts else "Authority"
    signing_key, issuer_name = issuer or (key, name)
    constraints = x509.BasicConstraints(ca=issuer is None, path_length=None)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer_name)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(around - timedelta(days=180))
        .not_valid_after(around + timedelta(days=180))
        .add_extension(constraints, critical=True)
    )
    if hosts:
        names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(signing_key, SHA256())


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.PEM)


def key_set(**keys: rsa.RSAPrivateKey) -> bytes:
    """Google's document: its public keys by their ids."""
    told = [
        {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": key_id, "alg": "RS256", "use": "sig"}
        for key_id, key in keys.items()
    ]
    return json.dumps({"keys": told}).encode()


@dataclass
class Publisher:
    """What stands at which path now, with which status, and who asked for what."""

    port: int
    trust: ssl.SSLContext
    documents: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    answering: threading.Event = field(default_factory=threading.Event)

    def publish_as_usual(self) -> None:
        signing = certificate(AMAZON_KEY, around=datetime.fromtimestamp(NOW, UTC))
        self.documents = {
            CERTIFICATE_PATH: (200, pem(signing)),
            KEYS_PATH: (200, key_set(**{GOOGLE_KEY_ID: GOOGLE_KEY})),
        }
        self.asked.clear()
        self.answering.set()

    def client(self) -> httpx.AsyncClient:
        """One that would follow redirects and wait for ever, if it were let."""
        detour = Detour(self.port, self.trust)
        return httpx.AsyncClient(transport=detour, trust_env=False, follow_redirects=True, timeout=None)  # noqa: S113


class Detour(httpx.AsyncHTTPTransport):
    """Goes to the server of the tests whatever the host is, and demands that host's certificate from it."""

    def __init__(self, port: int, trust: ssl.SSLContext) -> None:
        super().__init__(verify=trust, trust_env=False)
        self._port = port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        detour = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1", port=self._port),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return await super().handle_async_request(detour)


class Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Hanging up and not trusting us is what some tests are about."""


@contextmanager
def publishing(directory: Path, hosts: tuple[str, ...] = HOSTS) -> Iterator[Publisher]:
    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = certificate(authority)
    leaf = certificate(own, issuer=(authority, "Authority"), hosts=hosts)
    chain = directory / "chain.pem"
    chain.write_bytes(
        own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + pem(leaf) + pem(root)
    )
    publisher: Publisher

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            publisher.asked.append(self.headers["Host"] + self.path)
            publisher.answering.wait()
            status, document = publisher.documents.get(self.path, (404, b"nothing here"))
            self.send_response(status)
            self.send_header("Content-Length", str(len(document)))
            if status == 302:
                self.send_header("Location", document.decode())
            self.end_headers()
            self.wfile.write(document)

        def log_message(self, format: str, *args: Any) -> None:
            """The test says what it saw."""

    server = Server(("127.0.0.1", 0), Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    publisher = Publisher(server.server_port, ssl.create_default_context(cadata=pem(root).decode("ascii")))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield publisher
    finally:
        server.shutdown()
        server.server_close()
