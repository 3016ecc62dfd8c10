"""The servers beside ours, each on the first core."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import running
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
