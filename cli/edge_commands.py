"""`mp key` and `mp hook`: what pages, servers and providers prove themselves with."""

from datetime import timedelta
from typing import Annotated

import typer

from cli.reporting import console, one_line_errors, operator, the_house
from store.settings import Role, Service

key_app = typer.Typer(no_args_is_help=True, help="Keys of pages and servers.")
hook_app = typer.Typer(no_args_is_help=True, help="What proves the web hooks of providers.")

# Older ones are in the records.
LATEST_TROUBLES = 10

TenantSlug = Annotated[str, typer.Option("--tenant", help="The tenant's slug.")]
PublicKey = Annotated[str, typer.Argument(help="pk_… or sk_….")]


@key_app.command("add")
def key_add(
    tenant: TenantSlug,
    origin: Annotated[
        list[str] | None, typer.Option(help="A page's origin, such as https://shop.example; may be repeated.")
    ] = None,
    server: Annotated[bool, typer.Option("--server", help="A key for a server, with a secret.")] = False,
) -> None:
    """Adds a key: for pages of the named origins, or for a server."""
    from marketing_pipelines.events import pixel
    from store import records
    from store.records import collector_keys

    with one_line_errors():
        house = the_house()
        address = house.address(Service.COLLECTOR)
        with records.session(house, Role.OWNER) as session:
            owner = records.tenants.named(session, tenant).id
            if server:
                sealing_key = house.derived(collector_keys.SEALED_FOR)
                key, secret = collector_keys.add_server_key(session, operator(), owner, sealing_key)
                console.print(f"key     {key.public_key}\nsecret  {secret}   (shown this once)")
                console.print(f"send to {address}/events, signed: docs/reference/collector.md")
                return
            key = collector_keys.add_browser_key(session, operator(), owner, origin or [])
            console.print(f"key     {key.public_key}   for {', '.join(key.origins)}")
            console.print(f"on each page:\n{pixel.snippet(address, key.public_key)}", markup=False)


@key_app.command("list")
def key_list(tenant: TenantSlug) -> None:
    """The tenant's keys that count."""
    from store import records
    from store.records import collector_keys

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        found = collector_keys.living(session, records.tenants.named(session, tenant).id)
        for key in found:
            console.print(f"{key.public_key}  {key.kind:<8} {', '.join(key.origins or [])}", markup=False)
        if not found:
            console.print(f"{tenant} has no key. Make one: mp key add --tenant {tenant} --origin https://…")


@key_app.command("rotate")
def key_rotate(
    key: PublicKey,
    tenant: TenantSlug,
    hours: Annotated[int, typer.Option(help="How long the secret before goes on counting.", min=0)] = 24,
) -> None:
    """Gives a server key a new secret; the one before counts for a while."""
    from store import records
    from store.records import collector_keys

    with one_line_errors():
        house = the_house()
        with records.session(house, Role.OWNER) as session:
            owner = records.tenants.named(session, tenant).id
            sealing_key = house.derived(collector_keys.SEALED_FOR)
            secret = collector_keys.rotate(
                session, operator(), owner, key, sealing_key, overlap=timedelta(hours=hours)
            )
        console.print(f"secret  {secret}   (shown this once; the one before counts for {hours} h)")


@key_app.command("revoke")
def key_revoke(key: PublicKey, tenant: TenantSlug) -> None:
    """Ends a key, within moments."""
    from store import records
    from store.records import collector_keys

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        collector_keys.revoke(session, operator(), records.tenants.named(session, tenant).id, key)
        console.print(f"{key} counts no more.")


@hook_app.command("add")
def hook_add(
    provider: Annotated[
        str, typer.Argument(help="stripe, sendgrid, ses, postmark, mailgun, meta, google, …")
    ],
    tenant: TenantSlug,
    secret: Annotated[str, typer.Option(envvar="HOOK_SECRET", prompt="Secret", hide_input=True)],
    label: Annotated[str, typer.Option(help="Which account it is, for people.")] = "",
) -> None:
    """Keeps what proves a provider's calls, and says where the provider is to call."""
    from collector.hooks import ABOUT, Provider, check_secret
    from store import records
    from store.records import hooks

    with one_line_errors():
        if provider not in {each.value for each in Provider}:
            raise records.NotUsable(f"{provider!r} is none of {', '.join(Provider)}.")
        house, named = the_house(), Provider(provider)
        check_secret(named, secret)
        with records.session(house, Role.OWNER) as session:
            owner = records.tenants.named(session, tenant).id
            kept = hooks.keep_secret(
                session, operator(), owner, provider=named, secret=secret, label=label,
                sealing_key=house.derived(hooks.SEALED_FOR),
            )  # fmt: skip
            console.print(f"kept as number {kept.id}. {ABOUT[named].how_to}")
            console.print(f"{ABOUT[named].name} is to call {house.address(Service.COLLECTOR)}/hooks/{named}")


@hook_app.command("list")
def hook_list(tenant: TenantSlug) -> None:
    """The providers whose calls are taken for the tenant, and calls of which nothing could be made."""
    from store import records
    from store.records import hooks

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        owner = records.tenants.named(session, tenant).id
        found = hooks.living_secrets(session, owner)
        for kept in found:
            console.print(f"{kept.id:<6} {kept.provider:<10} {kept.label}", markup=False)
        if not found:
            console.print(f"No provider calls for {tenant}. Add one: mp hook add stripe --tenant {tenant}")
        for call in hooks.unreadable(session, owner, LATEST_TROUBLES):
            console.print(f"{call.received_at:%Y-%m-%d %H:%M} {call.provider}: {call.trouble}", markup=False)


@hook_app.command("revoke")
def hook_revoke(
    number: Annotated[int, typer.Argument(help="As `mp hook list` shows it.")], tenant: TenantSlug
) -> None:
    """Refuses calls with this secret from now on."""
    from store import records
    from store.records import hooks

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        hooks.revoke_secret(session, operator(), records.tenants.named(session, tenant).id, number)
        console.print(f"Calls with secret {number} are refused.")
