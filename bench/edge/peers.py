"""The servers beside ours, each on the first core."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from cli import readiness

FIRST_CORE = ["taskset", "-c", "0"]
HERE = Path(__file__).parent
NGINX = """
worker_processes 1;
daemon off;
pid {data}/nginx.pid;
error_log {data}/nginx.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {data};
    proxy_temp_path {data};
    fastcgi_temp_path {data};
    uwsgi_temp_path {data};
    scgi_temp_path {data};
    server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }}
}}
"""


@contextmanager
def running(
    command: list[str], is_ready: Callable[[], bool], *, environment: dict[str, str] | None = None,
    stop: int = signal.SIGTERM,
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """A process until the end of the block; what it printed is shown if it dies before it is ready."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            while not is_ready():
                if process.poll() is not None:
                    log.seek(0)
                    raise RuntimeError(log.read().decode(errors="replace"))
                time.sleep(0.1)
            yield process
        finally:
            process.send_signal(stop)
            process.wait()


@contextmanager
def nginx(port: int, data: Path) -> Iterator[None]:
    config = data / "nginx.conf"
    config.write_text(NGINX.format(data=data, port=port))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    with running([*FIRST_CORE, program, "-c", str(config)], lambda: readiness.answers_tcp(port)):
        yield


@contextmanager
def go(port: int, data: Path) -> Iterator[None]:
    program = data / "decode"
    environment = {**os.environ, "GOCACHE": str(data / "gocache"), "GO111MODULE": "off", "GOMAXPROCS": "1"}
    subprocess.run(["go", "build", "-o", program, HERE / "decode.go"], env=environment, check=True)
    with running(
        [*FIRST_CORE, str(program), str(port)], lambda: readiness.answers_tcp(port), environment=environment
    ):
        yield


@contextmanager
def bare(port: int, _: Path) -> Iterator[None]:
    command = [
        *FIRST_CORE, sys.executable, "-m", "uvicorn", "bench.edge.bare:application", "--port", str(port),
        "--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-proxy-headers", "--lifespan", "off",
    ]  # fmt: skip
    with running(command, lambda: readiness.answers_tcp(port)):
        yield


def is_here(program: str) -> bool:
    return shutil.which(program) is not None or Path("/usr/sbin", program).exists()
