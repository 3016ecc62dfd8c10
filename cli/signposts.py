"""Where to look: what `make up` says to people and `mp status --json` says to programs."""

import json
from collections.abc import Collection
from typing import Any

from rich.console import Console
from rich.table import Table

from cli import house as rooms
from cli import readiness
from cli.supervisor import alive
from store.settings import Role, Service, Settings

PURPOSES = {
    "console": "campaigns, approvals, the kill switch",
    "dagster": "the lineage, runs and back-fills",
    "collector": "what pages send to",
    "demo_site": "a shop with the pixel: look around, then look at the lineage",
    "sandbox": "stand-ins for the ad platforms",
}


def addresses(house: Settings, parts: Collection[str]) -> dict[str, str]:
    """Where the parts that run can be opened."""
    doors = (Service.CONSOLE, Service.DAGSTER, Service.COLLECTOR, Service.DEMO_SITE, Service.SANDBOX)
    return {door.replace("-", "_"): house.address(door) for door in doors if door in parts}


def show(house: Settings, parts: Collection[str], console: Console) -> None:
    """The addresses and, in the demo, who can sign in."""
    places = Table(title="\nWhere to look", title_justify="left", box=None, pad_edge=False)
    places.add_column("what", style="bold")
    places.add_column("where", no_wrap=True)
    places.add_column("for")
    for name, address in addresses(house, parts).items():
        places.add_row(name.replace("_", " "), address, PURPOSES[name])
    console.print(places)
    if Service.DEMO_SITE in parts:
        people = Table(title="\nWho can sign in", title_justify="left", box=None, pad_edge=False)
        people.add_column("role", style="bold")
        people.add_column("email", no_wrap=True)
        people.add_column("password", no_wrap=True)
        for role, log_in in demo_log_ins(house).items():
            people.add_row(role, log_in["email"], log_in["password"])
        console.print(people)
    if Service.CONSOLE in parts and (link := setup_link(house)):
        console.print(
            "\nNobody has an account yet. Whoever opens this becomes the first Admin; it works once:"
        )
        console.print(link, style="bold", soft_wrap=True, markup=False, highlight=False)
    console.print("\nCtrl-C stops everything.")


def setup_link(house: Settings) -> str:
    """Where the first Admin sets the house up; nothing once anybody has an account."""
    from console.people import front_door
    from marketing_pipelines.email import system_mails

    if not front_door.is_empty(house, Role.OWNER):
        return ""
    return system_mails.link(house, "/setup", front_door.setup_token(house))


def demo_log_ins(house: Settings) -> dict[str, dict[str, str]]:
    from cli.demo import seed

    return seed.log_ins(house)


def status(house: Settings) -> dict[str, Any]:
    """Every address and port, each part's health and pid, and whether all of it is up."""
    state = _state(house)
    parts = {name: _health(name, part) for name, part in state.get("parts", {}).items()}
    waiting_for = _waiting_for(state, parts)
    report: dict[str, Any] = {
        "ready": not waiting_for,
        "waiting_for": waiting_for,
        "urls": addresses(house, parts),
        "ports": {service.value: house.port(service) for service in Service},
        "data_dir": str(house.data_dir),
        "parts": parts,
    }
    if Service.DEMO_SITE in parts and report["ready"]:
        report["demo"] = _demo(house)
    return report


def _state(house: Settings) -> dict[str, Any]:
    try:
        return json.loads((house.data_dir / "run" / "state.json").read_text())
    except (FileNotFoundError, ValueError):
        return {}


def _health(name: str, part: dict[str, Any]) -> dict[str, Any]:
    return {
        "pid": part["pid"],
        "port": part["port"],
        "healthy": part["ready"] and alive(part["pid"]) and _answers(name, part["port"]),
    }


def _answers(name: str, port: int | None) -> bool:
    paths = {"collector": "/healthz", "console": "/healthz", "clickhouse": "/ping", "dagster": "/server_info"}
    if port is None:
        return True
    return readiness.answers_http(port, paths[name]) if name in paths else readiness.answers_tcp(port)


def _waiting_for(state: dict[str, Any], parts: dict[str, Any]) -> str:
    if not state or not alive(state["pid"]):
        return "`make up`: nothing is running"
    unhealthy = [name for name, part in parts.items() if not part["healthy"]]
    return state["waiting_for"] or ", ".join(unhealthy)


def _demo(house: Settings) -> dict[str, Any]:
    from cli.demo import seed, shop

    return {
        "tenant": rooms.DEMO_TENANT,
        "log_ins": seed.log_ins(house),
        **seed.keys(house),
        "slug": shop.LETTER_LINK.slug,
        "smtp": f"127.0.0.1:{house.port(Service.DEMO_SMTP)}",
        "mail": str(house.data_dir / "demo" / "mail.jsonl"),
    }
