"""`mp link`: short links made, listed, put away, taken in and given out, drawn, and the hosts nobody is sent to."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.reporting import REFUSED, console, errors, one_line_errors, operator, the_house
from marketing_pipelines.links.addresses import own_hosts, short_address
from store.settings import Role

if TYPE_CHECKING:
    from marketing_pipelines.links.importing import Problem

link_app = typer.Typer(no_args_is_help=True, help="Short links.")

# What is wrong with a long list is shown so far; the rest is counted.
PROBLEMS_SHOWN = 50

TenantSlug = Annotated[str, typer.Option("--tenant", help="The tenant's slug.")]
Slug = Annotated[str, typer.Argument(help="The last piece of the short address.")]


@link_app.command("add")
def link_add(
    target_url: Annotated[str, typer.Argument(help="Where it leads, such as https://shop.example/sale.")],
    tenant: TenantSlug,
    slug: Annotated[str, typer.Option(help="The last piece of its address; by chance without it.")] = "",
    title: Annotated[str, typer.Option(help="What people call it.")] = "",
    channel: Annotated[str, typer.Option(help="email, social, paid_search, … (utm_source).")] = "",
    campaign: Annotated[str, typer.Option(help="A campaign, by its utm_campaign or name.")] = "",
    tag: Annotated[list[str] | None, typer.Option(help="May be repeated.")] = None,
    starts: Annotated[str, typer.Option(help="From when on it leads there: 2026-11-30T18:00Z.")] = "",
    expires: Annotated[str, typer.Option(help="Until when it leads there.")] = "",
    max_clicks: Annotated[
        int | None, typer.Option(help="How many people may follow it; programs do not count.", min=1)
    ] = None,
    fallback: Annotated[str, typer.Option(help="Where it leads before, after and beyond that.")] = "",
    pass_on: Annotated[
        str, typer.Option(help="Parameters of a visitor's address that go on to the target: gclid, fbclid.")
    ] = "",
    targets: Annotated[
        str,
        typer.Option(help='Targets by visitor, as JSON: [{"url": "https://…", "countries": ["AT"]}].'),
    ] = "",
    password: Annotated[
        bool, typer.Option("--password", help="One that visitors must know: LINK_PASSWORD, or typed now.")
    ] = False,
) -> None:
    """Makes a short link and prints its address."""
    from marketing_pipelines.links import cells, importing, keeping
    from marketing_pipelines.links.drafts import LinkDraft
    from marketing_pipelines.links.targets import usable_target
    from store import passwords, records

    with one_line_errors():
        house = the_house()
        draft = LinkDraft(
            target_url=usable_target(target_url, own_hosts=own_hosts(house)),
            slug=slug or None,
            title=cells.one_line(title, importing.LONGEST_TITLE),
            channel=cells.one_line(channel, importing.LONGEST_CHANNEL),
            campaign=campaign,
            tags=cells.tags(",".join(tag or [])),
            starts_at=cells.moment(starts) if starts else None,
            expires_at=cells.moment(expires) if expires else None,
            max_clicks=max_clicks,
            fallback_url=usable_target(fallback, own_hosts=own_hosts(house)) if fallback else None,
            targets=importing.read_targets(targets, own_hosts=own_hosts(house)) if targets else (),
            passed_parameters=cells.parameters(pass_on),
        )
        password_hash = passwords.hashed(asked_password()) if password else None
        with records.session(house, Role.OWNER) as session:
            owner = records.tenants.named(session, tenant).id
            link = keeping.keep(session, operator(), owner, draft, password_hash=password_hash)
            console.print(f"{short_address(house)}{link.slug}", markup=False)


@link_app.command("list")
def link_list(tenant: TenantSlug) -> None:
    """The tenant's links, newest first, with their clicks: all of them, those of people, those of programs."""
    from rich.markup import escape
    from rich.table import Table

    from marketing_pipelines.links import figures
    from store import events, records
    from store.records.schema import LinkId

    with one_line_errors():
        house = the_house()
        with records.session(house, Role.OWNER) as session:
            owner = records.tenants.named(session, tenant).id
            found = records.links.newest(session, owner)
            uses = records.links.uses(session, owner)
        with events.connect(house) as client:
            clicks = figures.clicks_of_links(client, owner)
        if not found:
            console.print(f"{tenant} has no link. Make one: mp link add https://… --tenant {tenant}")
            return
        table = Table(box=None, pad_edge=False)
        for heading in ("slug", "leads to"):
            table.add_column(heading, overflow="fold")
        for heading in ("all clicks", "people", "programs", "used"):
            table.add_column(heading, justify="right")
        for link in found:
            counted = clicks.get(LinkId(link.id), figures.NO_CLICKS)
            used = f"{uses.get(LinkId(link.id), 0)} of {link.max_clicks}" if link.max_clicks else ""
            ended = " (ended)" if link.archived_at else ""
            table.add_row(
                escape(link.slug), escape(link.target_url) + ended,
                f"{counted.all:,}", f"{counted.human:,}", f"{counted.bot:,}", used,
            )  # fmt: skip
        console.print(table)


@link_app.command("import")
def link_import(
    path: Annotated[
        Path, typer.Argument(help="A CSV of ours, of Bitly's or of Dub's.", exists=True, dir_okay=False)
    ],
    tenant: TenantSlug,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Reads and checks, and keeps nothing.")] = False,
) -> None:
    """Takes links in from a list; rows that cannot be are left out and said, and the others come in all the same."""
    from marketing_pipelines.links import importing, keeping
    from store import records

    with one_line_errors():
        house = the_house()
        with path.open("rb") as file:
            imported = importing.read_links(file.read(importing.MOST_BYTES + 1), own_hosts=own_hosts(house))
        with records.session(house, Role.OWNER) as session:
            owner = records.tenants.named(session, tenant).id
            refused = keeping.keep_all(session, operator(), owner, imported.drafts)
            if dry_run:
                session.rollback()
        problems = sorted(imported.problems + refused, key=lambda problem: problem.row)
        tell_problems(problems)
        left_out = len({problem.row for problem in problems if problem.is_left_out})
        kept = len(imported.drafts) - len(refused)
        said = "would come in" if dry_run else "came in"
        console.print(f"{kept} links {said}, {left_out} rows were left out.")
        if left_out:
            raise typer.Exit(REFUSED)


@link_app.command("export")
def link_export(
    tenant: TenantSlug,
    path: Annotated[Path | None, typer.Option("--to", help="A file; else it is printed.")] = None,
) -> None:
    """Writes the tenant's links as a CSV that `mp link import` and spreadsheets read."""
    from marketing_pipelines.links import exporting, keeping
    from store import records

    with one_line_errors():
        house = the_house()
        with records.session(house, Role.OWNER) as session:
            owner = records.tenants.named(session, tenant).id
            lines = exporting.write_links(keeping.drafts_of(session, owner), short_address(house))
            if path is None:
                for line in lines:
                    typer.echo(line, nl=False)
                return
            with path.open("w", encoding="utf-8", newline="") as file:
                file.writelines(lines)
        console.print(f"written to {path}", markup=False)


@link_app.command("qr")
def link_qr(
    slug: Slug,
    tenant: TenantSlug,
    path: Annotated[Path, typer.Option("--to", help="A file whose name ends in .svg or .png.")],
    scale: Annotated[int, typer.Option(help="Pixels a module.", min=1)] = 8,
) -> None:
    """Draws a link's code for cameras."""
    from marketing_pipelines.links import pictures
    from store import records

    with one_line_errors():
        draw = {".svg": pictures.svg, ".png": pictures.png}.get(path.suffix.lower())
        if draw is None:
            raise records.NotUsable(f"{path.name} ends neither in .svg nor in .png.")
        house = the_house()
        with records.session(house, Role.OWNER) as session:
            link = records.links.found(session, records.tenants.named(session, tenant).id, slug)
            address = f"{short_address(house)}{link.slug}"
        path.write_bytes(draw(address, scale=scale))
        console.print(f"{address} is drawn in {path}", markup=False)


@link_app.command("archive")
def link_archive(slug: Slug, tenant: TenantSlug) -> None:
    """Ends a link: whoever follows it is told so. Its numbers stay."""
    from store import records

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        records.links.archive(session, operator(), records.tenants.named(session, tenant).id, slug)
        console.print(f"{slug} has ended.", markup=False)


@link_app.command("restore")
def link_restore(slug: Slug, tenant: TenantSlug) -> None:
    """Lets a link that had ended lead somewhere again."""
    from store import records

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        records.links.restore(session, operator(), records.tenants.named(session, tenant).id, slug)
        console.print(f"{slug} leads somewhere again.", markup=False)


@link_app.command("block")
def link_block(
    host: Annotated[str, typer.Argument(help="evil.example, or .evil.example with all below it.")],
    reason: Annotated[str, typer.Option(help="For whoever wonders later.")] = "",
) -> None:
    """Sends nobody to a host any more, whichever link of whichever tenant leads there."""
    from marketing_pipelines.links.targets import usable_block
    from store import records

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        blocked = usable_block(host)
        records.links.block(session, operator(), blocked, reason)
        console.print(f"Nobody is sent to {blocked}.", markup=False)


@link_app.command("unblock")
def link_unblock(host: str) -> None:
    """Lets links lead to a host again."""
    from marketing_pipelines.links.targets import usable_block
    from store import records

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        records.links.unblock(session, operator(), usable_block(host))
        console.print(f"Links lead to {host} again.", markup=False)


@link_app.command("blocked")
def link_blocked() -> None:
    """The hosts that nobody is sent to."""
    from store import records

    with one_line_errors(), records.session(the_house(), Role.OWNER) as session:
        found = records.links.blocked_hosts(session)
        for each in found:
            console.print(f"{each.host:<40} {each.reason}", markup=False)
        if not found:
            console.print("No host is blocked.")


def asked_password() -> str:
    """Out of the environment or typed, and never an argument, which every process on the machine could read."""
    return os.environ.get("LINK_PASSWORD") or typer.prompt(
        "Password", hide_input=True, confirmation_prompt=True
    )


def tell_problems(problems: "list[Problem]") -> None:
    for problem in problems[:PROBLEMS_SHOWN]:
        place = f"row {problem.row}" if problem.row else "the file"
        column = f", {problem.column}" if problem.column else ""
        excerpt = f" ({problem.excerpt})" if problem.excerpt else ""
        errors.print(f"{place}{column}: {problem.what}{excerpt}", markup=False)
    if len(problems) > PROBLEMS_SHOWN:
        errors.print(f"and {len(problems) - PROBLEMS_SHOWN} more")
