"""The deployment as it is written: compose file, image and environment, read as Docker would read them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
SECRET = "0123456789abcdef" * 4

_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[-?+])(?P<rest>[^}]*))?\}")


class Missing(Exception):
    """A variable without which nothing starts."""


@dataclass(frozen=True)
class Compose:
    """The compose file before any variable is filled in."""

    raw: dict[str, Any]
    text: str

    @property
    def required(self) -> set[str]:
        return {match["name"] for match in _VARIABLE.finditer(self.text) if match["kind"] == "?"}

    @property
    def defaults(self) -> dict[str, str]:
        return {m["name"]: m["rest"] for m in _VARIABLE.finditer(self.text) if m["kind"] == "-"}

    def services(self, variables: dict[str, str]) -> dict[str, dict[str, Any]]:
        """The services with the variables filled in, as `docker compose config` shows them."""
        return _filled(self.raw["services"], variables)


def _filled(node: Any, variables: dict[str, str]) -> Any:
    if isinstance(node, dict):
        return {key: _filled(value, variables) for key, value in node.items()}
    if isinstance(node, list):
        return [_filled(value, variables) for value in node]
    return _VARIABLE.sub(lambda match: _value(match, variables), node) if isinstance(node, str) else node


def _value(match: re.Match[str], variables: dict[str, str]) -> str:
    given = variables.get(match["name"], "")
    if match["kind"] == "+":
        return match["rest"] if given else ""
    if given or match["kind"] is None:
        return given
    if match["kind"] == "-":
        return match["rest"]
    raise Missing(match["rest"])


@pytest.fixture(scope="session")
def compose() -> Compose:
    text = (ROOT / "docker-compose.yml").read_text()
    return Compose(yaml.safe_load(text), text)


@pytest.fixture(scope="session")
def example() -> dict[str, str]:
    """What .env.production.example asks to be filled in, filled in with different secrets."""
    lines = (ROOT / "deploy" / ".env.production.example").read_text().splitlines()
    names = [line.rstrip("=") for line in lines if re.fullmatch(r"\w+=", line)]
    named = {"CONSOLE_HOST", "COLLECTOR_HOST", "DAGSTER_HOST"}
    return {
        name: f"{name.lower().replace('_', '-')}.example" if name in named else f"{number:02x}{SECRET[2:]}"
        for number, name in enumerate(names)
    } | {"ACME_EMAIL": "operator@house.example"}


@pytest.fixture(scope="session")
def services(compose: Compose, example: dict[str, str]) -> dict[str, dict[str, Any]]:
    return compose.services(example)
