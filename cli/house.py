"""Which processes make up the house, and what each finds in its environment."""

import asyncio
import shutil
import signal
import sys
from pathlib import Path

from cli import dagster_ui, readiness
from cli.supervisor import Part
from connectors.sandbox import reference_rates
from store import edge_shipper
from store.embedded import commands, postgres
from store.settings import Role, Service, Settings

ROOT = Path(__file__).resolve().parent.parent
DEMO_TENANT = "demo"
# Dagster tells of every look at every sensor; who watches the screen wants to hear of troubles.
QUIET = "warning"


def stores(house: Settings) -> list[Part]:
    """The embedded engines, where no other is named."""
    parts = []
    if house.embedded_postgres:
        parts.append(
            Part(
                "postgres",
                commands.postgres(),
                ready=lambda: asyncio.to_thread(postgres.is_ready, house),
                port=house.port(Service.POSTGRES),
                stop_signal=signal.SIGINT,
            )
        )
    if house.embedded_clickhouse:
        port = house.port(Service.CLICKHOUSE)
        parts.append(Part("clickhouse", commands.clickhouse(house), readiness.http(port, "/ping"), port))
    return parts


def surfaces(house: Settings) -> dict[str, list[Part]]:
    """What people and pages meet, by the group that `--only` names; the collector's log is shipped by a process of its own."""
    return {
        "collector": [_module("collector", ["collector"], house.port(Service.COLLECTOR)), _shipper(house)],
        "console": [_module("console", ["console"], house.port(Service.CONSOLE))],
    }


def _shipper(house: Settings) -> Part:
    async def has_spoken() -> bool:
        return edge_shipper.heard(house.data_dir / "spool").is_running

    return Part("shipper", [sys.executable, "-m", "collector.shipping"], has_spoken)


def demo(house: Settings) -> list[Part]:
    """Stand-ins for the world outside: a shop with the pixel, ad platforms, a mail server."""
    sandbox, mail = house.port(Service.SANDBOX), house.port(Service.DEMO_SMTP)
    return [
        _module("sandbox", ["connectors.sandbox", "--port", str(sandbox)], sandbox, "/_sandbox/health"),
        _module("demo-site", ["cli.demo.site"], house.port(Service.DEMO_SITE)),
        Part("demo-mail", [sys.executable, "-m", "cli.demo.mail_sink"], readiness.tcp(mail), mail),
    ]


def code_server(house: Settings) -> Part:
    port = house.port(Service.CODE_SERVER)
    command = [
        _program("dagster"), "code-server", "start", "-m", "marketing_pipelines.definitions",
        "--host", "127.0.0.1", "--port", str(port), "--location-name", "marketing_pipelines", "--log-level", QUIET,
    ]  # fmt: skip
    return Part("code-server", command, readiness.tcp(port), port, environment=dagster_environment(house))


def dagster(house: Settings) -> list[Part]:
    """The UI and the one daemon; both need the code server."""
    port = house.port(Service.DAGSTER)
    environment = dagster_environment(house)
    webserver = [
        _program("dagster-webserver"), "-w", str(ROOT / "workspace.yaml"),
        "--host", house.bind_host, "--port", str(port), "--dagster-log-level", QUIET,
    ]  # fmt: skip
    daemon = [_program("dagster-daemon"), "run", "-w", str(ROOT / "workspace.yaml"), "--log-level", QUIET]

    async def project_is_loaded() -> bool:
        return await asyncio.to_thread(dagster_ui.location_problem, port) is None

    async def gives_signs_of_life() -> bool:
        return await asyncio.to_thread(dagster_ui.daemon_healthy, port)

    return [
        Part("dagster", webserver, project_is_loaded, port, environment=environment),
        Part("daemon", daemon, gives_signs_of_life, environment=environment),
    ]


def dagster_environment(house: Settings) -> dict[str, str]:
    """What dagster.yaml and workspace.yaml ask the environment for."""
    return {
        "DAGSTER_HOME": str(ROOT),
        "DAGSTER_POSTGRES_URL": house.postgres_url(Role.DAGSTER, "postgresql"),
        "DAGSTER_DATA_DIR": str(house.data_dir / "dagster"),
        "DAGSTER_LOGS_DIR": str(house.data_dir / "dagster" / "compute_logs"),
        "DAGSTER_CODE_SERVER_HOST": "127.0.0.1",
        "DAGSTER_CODE_SERVER_PORT": str(house.port(Service.CODE_SERVER)),
    }


def demo_environment(house: Settings) -> dict[str, str]:
    """What the demo sets where nothing else is: its mail server, its rates, and its tenant for keyless events."""
    given = {} if house.default_tenant else {"DEFAULT_TENANT": DEMO_TENANT}
    if not house.sends_mail:
        port = str(house.port(Service.DEMO_SMTP))
        given |= {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": port, "SMTP_TLS": "false"}
    if "exchange_rates_url" not in house.model_fields_set:
        given["EXCHANGE_RATES_URL"] = reference_rates.address(house.address(Service.SANDBOX))
    return given


def _module(name: str, arguments: list[str], port: int, health: str = "/healthz") -> Part:
    return Part(name, [sys.executable, "-m", *arguments], readiness.http(port, health), port)


def _program(name: str) -> str:
    """A program of this environment, found also when the environment is not activated."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else shutil.which(name) or name
