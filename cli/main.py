"""The `mp` command: each target of the Makefile is one line over one of these."""

import json
import subprocess
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli import house as rooms
from cli.audit_commands import audit_app
from cli.edge_commands import hook_app, key_app
from cli.kill_commands import kill_app
from cli.link_commands import link_app
from cli.reporting import REFUSED, console, errors, one_line_errors, operator, the_house
from cli.secret_commands import secrets_app
from cli.sync_command import sync
from store.records.schema import NotUsable
from store.records.tenants import ConsentRule, StoredAddresses, VisitorIds
from store.settings import Role, Service

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
tenant_app = typer.Typer(no_args_is_help=True, help="The tenants of this installation.")
app.add_typer(kill_app, name="kill")
app.add_typer(tenant_app, name="tenant")
app.add_typer(key_app, name="key")
app.add_typer(hook_app, name="hook")
app.add_typer(link_app, name="link")
app.add_typer(audit_app, name="audit")
app.add_typer(secrets_app, name="secrets")
app.command()(sync)


class Part(StrEnum):
    COLLECTOR = "collector"
    CONSOLE = "console"
    DAGSTER = "dagster"
    DEMO = "demo"


@app.command()
def up(
    only: Annotated[
        str, typer.Option(help="Run a part: collector, console, dagster, demo (comma-separated).")
    ] = "",
    demo: Annotated[bool, typer.Option(help="With the demo tenant and its stand-ins for the world.")] = True,
) -> None:
    """Starts everything and stays in the foreground; Ctrl-C stops it."""
    from cli.up import CannotStart
    from cli.up import up as bring_up

    with one_line_errors():
        parts = {part.strip() for part in only.split(",") if part.strip()}
        unknown = parts - set(Part)
        if unknown:
            raise CannotStart(f"--only knows {', '.join(Part)}; not {', '.join(sorted(unknown))}.")
        raise typer.Exit(bring_up(parts, demo, console))


@app.command()
def down() -> None:
    """Stops a house that runs elsewhere, and what a crashed one left behind."""
    from cli.up import end_running

    with one_line_errors():
        console.print("Stopped." if end_running(the_house()) else "Nothing was running.")


@app.command()
def status(as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False) -> None:
    """Says of each part whether it is up, and where."""
    from cli import signposts

    with one_line_errors():
        report = signposts.status(the_house())
    if as_json:
        print(json.dumps(report, indent=2))
        return
    for name, part in report["parts"].items():
        mark = "[green]up[/]  " if part["healthy"] else "[red]down[/]"
        console.print(
            f"{mark} {name:<12} pid {part['pid']:<8} {'port ' + str(part['port']) if part['port'] else ''}"
        )
    console.print("ready" if report["ready"] else f"waiting for {report['waiting_for']}")


@app.command()
def doctor() -> None:
    """Says of each part: found, version, where its data lies, healthy or what to do."""
    from cli import doctor as examination

    with one_line_errors():
        raise typer.Exit(examination.examine(the_house(), console))


@app.command()
def migrate() -> None:
    """Brings both stores to the newest form; they have to be running."""
    from store import migrations
    from store.embedded import postgres

    with one_line_errors():
        house = the_house()
        if house.embedded_postgres:
            postgres.ensure_databases(house)
        migrations.migrate_postgres(house)
        applied = migrations.migrate_clickhouse(house)
        console.print(
            f"Postgres is at the newest revision; ClickHouse: {', '.join(applied) or 'nothing to do'}."
        )


@app.command("setup-link")
def setup_link() -> None:
    """Prints where the first Admin sets up an installation that nobody has an account in; the stores have to be up."""
    from cli import signposts

    with one_line_errors():
        link = signposts.setup_link(the_house())
        if not link:
            raise NotUsable(
                "Somebody has an account here already; an Admin invites everybody else under /people."
            )
        print(link)


@app.command()
def seed() -> None:
    """Gives the demo tenant its 30 days of history; a second time adds nothing."""
    from cli.demo import seed as demo_seed

    with one_line_errors():
        demo_seed.seed(the_house())


@app.command()
def demo() -> None:
    """Seeds the demo and materialises its lineage again, on a house that is up."""
    from cli.demo import first_lineage
    from cli.demo import seed as demo_seed

    with one_line_errors():
        house = the_house()
        demo_seed.seed(house)
        first_lineage.materialise(house)


@app.command()
def logs(part: Annotated[str, typer.Argument(help="A part's name; all of them when left out.")] = "") -> None:
    """Follows the processes' logs."""
    with one_line_errors():
        directory = the_house().data_dir / "logs"
    files = sorted(directory.glob(f"{part or '*'}.log"))
    if not files:
        errors.print(f"No logs of {part or 'anything'} in {directory}.", style="bold red", markup=False)
        raise typer.Exit(REFUSED)
    subprocess.run(["tail", "-n", "50", "-F", *map(str, files)], check=False)


@app.command()
def shell() -> None:
    """A Python prompt with the settings, a session that sees all tenants and a ClickHouse client."""
    import code

    from store import events, records

    with one_line_errors():
        house = the_house()
        with records.session(house, Role.PIPELINES) as session:
            names = {
                "house": house,
                "session": session,
                "clickhouse": events.connect(house),
                "records": records,
            }
            code.interact(
                f"At hand: {', '.join(names)}. What you change is committed when you leave.", local=names
            )


@app.command()
def docs() -> None:
    """Writes the generated pages: .env.example and the settings reference."""
    from cli import documents

    for path in documents.write():
        console.print(f"wrote {path.relative_to(rooms.ROOT)}")


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help="A benchmark's name; all of them when left out.")] = "",
) -> None:
    """Runs benchmarks and prints their tables."""
    folder = rooms.ROOT / "bench"
    modules = sorted(
        {path.stem for path in folder.glob("[a-z]*.py")}
        | {path.parent.name for path in folder.glob("*/__main__.py")}
    )
    if name and name not in modules:
        errors.print(f"No benchmark {name}; there are {', '.join(modules)}.", style="bold red", markup=False)
        raise typer.Exit(REFUSED)
    failed = [
        module
        for module in ([name] if name else modules)
        if subprocess.run([sys.executable, "-m", f"bench.{module}"], cwd=rooms.ROOT, check=False).returncode
    ]
    raise typer.Exit(1 if failed else 0)


@app.command()
def screenshots(
    everything: Annotated[
        Path | None, typer.Option("--all", help="A folder for all screens, light and dark, wide and narrow.")
    ] = None,
) -> None:
    """Takes the pictures of the README and the docs from the running demo, or with --all those of every screen."""
    from cli import pictures

    with one_line_errors():
        for path in pictures.take(the_house(), everything):
            console.print(f"wrote {path.relative_to(rooms.ROOT) if everything is None else path}")


@tenant_app.command("add")
def tenant_add(
    slug: Annotated[str, typer.Argument(help="Its short name: a-z, 0-9 and hyphens.")],
    admin: Annotated[str, typer.Option(help="Email of the first person, who is its admin.")],
    password: Annotated[
        str,
        typer.Option(
            envvar="ADMIN_PASSWORD", prompt="Password of the admin", hide_input=True, confirmation_prompt=True
        ),
    ],
    name: Annotated[str, typer.Option(help="As people read it; the slug when left out.")] = "",
) -> None:
    """Adds a tenant and the admin who signs in to the console first."""
    from store import records

    with one_line_errors():
        house = the_house()
        role = records.people.MemberRole.ADMIN
        with records.session(house, Role.OWNER) as session:
            tenant = records.tenants.add(session, operator(), slug, name or slug)
            records.people.admit(session, operator(), tenant.id, email=admin, role=role, password=password)
        console.print(f"{admin} can sign in as the admin of {slug}: {house.address(Service.CONSOLE)}/login")


@tenant_app.command("privacy")
def tenant_privacy(
    slug: Annotated[str, typer.Argument(help="The tenant's slug.")],
    consent: Annotated[ConsentRule | None, typer.Option(help="Whether ids need a yes.")] = None,
    visitor_ids: Annotated[
        VisitorIds | None, typer.Option(help="Stored by pages, or made for a day.")
    ] = None,
    addresses: Annotated[StoredAddresses | None, typer.Option(help="What is written of them.")] = None,
) -> None:
    """Says what the edge keeps of a tenant's visitors; what is left out stays as it is."""
    from store import records

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        tenant = records.tenants.named(session, slug)
        records.tenants.set_privacy(
            session,
            operator(),
            tenant,
            consent_rule=consent,
            visitor_ids=visitor_ids,
            stored_addresses=addresses,
        )
        console.print(
            f"{slug}: consent by {tenant.consent_rule}, visitor ids {tenant.visitor_ids}, "
            f"addresses {tenant.stored_addresses}"
        )


@app.command(hidden=True)
def port(service: Service) -> None:
    """The port of a service, for scripts."""
    with one_line_errors():
        print(the_house().port(service))


if __name__ == "__main__":
    app()
