"""The Caddyfile: Caddy itself takes it, as it is and with the names of the compose file."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.deploy.conftest import ROOT

CADDY = Path(sys.executable).with_name("caddy")
CADDYFILE = ROOT / "deploy" / "Caddyfile"


def caddy(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(CADDY), *arguments], env=environment, capture_output=True, text=True, check=False
    )


def test_caddy_takes_it(services: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    environment = services["caddy"]["environment"] | {"HOME": str(tmp_path)}
    taken = caddy("validate", "--adapter", "caddyfile", "--config", str(CADDYFILE), **environment)
    assert taken.returncode == 0, taken.stderr


def test_it_is_formatted(tmp_path: Path) -> None:
    shown = caddy("fmt", str(CADDYFILE), HOME=str(tmp_path))
    assert shown.stdout == CADDYFILE.read_text()


def test_it_names_services_of_the_compose_file_and_their_ports(services: dict[str, dict[str, Any]]) -> None:
    text = CADDYFILE.read_text()
    for name, port in (("collector", "8001"), ("console", "8000"), ("webserver", "8002"), ("reader", "8002")):
        assert f"{name}:{port}" in text
        assert port in str(services[name]["healthcheck"]["test"])
