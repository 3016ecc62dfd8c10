"""A server that answers as Vault's transit engine does: it keeps the key, wraps and unwraps, and asks for a token."""

import base64
import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

TOKEN = "hvs.for-tests"


@dataclass
class Vault:
    address: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def vault() -> Iterator[Vault]:
    cipher, running = AESGCM(os.urandom(32)), Vault("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["content-length"])))
            running.asked.append(self.path)
            if self.headers.get("x-vault-token") != TOKEN:
                return self._say(403, {"errors": ["permission denied"]})
            if self.path == "/v1/transit/encrypt/marketing-pipelines":
                nonce = os.urandom(12)
                sealed = nonce + cipher.encrypt(nonce, base64.b64decode(given["plaintext"]), None)
                return self._say(
                    200, {"data": {"ciphertext": f"vault:v1:{base64.b64encode(sealed).decode()}"}}
                )
            if self.path == "/v1/transit/decrypt/marketing-pipelines":
                sealed = base64.b64decode(given["ciphertext"].removeprefix("vault:v1:"))
                plain = cipher.decrypt(sealed[:12], sealed[12:], None)
                return self._say(200, {"data": {"plaintext": base64.b64encode(plain).decode()}})
            return self._say(404, {"errors": []})

        def _say(self, status: int, said: object) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: the test's report is enough."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    running.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
