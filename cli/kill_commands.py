"""`mp kill`: stops what sends or spends, and releases it again with a second person."""

from typing import TYPE_CHECKING, Annotated

import typer
from sqlalchemy import select

from cli.reporting import console, one_line_errors, operator, the_house
from store.records.actions import ActionType, Channel
from store.settings import Role

if TYPE_CHECKING:
    from store.records import Session
    from store.records.kill_switches import KillSwitch, Reach

kill_app = typer.Typer(no_args_is_help=True, help="The kill switch: stop everything that sends or spends.")

TenantOption = Annotated[
    str, typer.Option("--tenant", help="Slug of the tenant; without one, the whole installation.")
]
ChannelOption = Annotated[Channel | None, typer.Option("--channel", help="Only what this channel carries.")]
TypeOption = Annotated[ActionType | None, typer.Option("--type", help="Only actions of this type.")]
CampaignOption = Annotated[int | None, typer.Option("--campaign", help="Only this campaign, by its number.")]


@kill_app.command("status")
def kill_status() -> None:
    """Which switches are pulled, by whom, and whose release waits for a second person."""
    from store import records

    with one_line_errors():
        house = the_house()
        if house.kill_switch:
            console.print("KILL_SWITCH=true in the environment: nothing is sent.")
        with records.session(house, Role.PIPELINES) as session:
            switches = records.kill_switches.all_engaged(session)
            slugs = records.tenants.slugs(session)
        for switch in switches:
            console.print(_line(switch, slugs.get(switch.tenant_id or 0, "")), markup=False)
        if not switches and not house.kill_switch:
            console.print("No switch is pulled.")


@kill_app.command("on")
def kill_on(
    tenant: TenantOption = "",
    channel: ChannelOption = None,
    type: TypeOption = None,
    campaign: CampaignOption = None,
    reason: Annotated[
        str, typer.Option(help="Why; everyone who is stopped reads it.")
    ] = "pulled on the command line",
) -> None:
    """Stops everything that sends or spends, or a part of it, at once."""
    from store import records
    from store.records import kill_switches

    with one_line_errors(), records.session(the_house(), Role.PIPELINES) as session:
        reach = _reach(session, tenant, channel, type, campaign)
        kill_switches.pull(session, operator(), reach, reason)
        console.print(
            f"Stopped: {_named(reach.scope, reach.subject, tenant)}. Release with: mp kill off --reason …"
        )


@kill_app.command("off")
def kill_off(
    reason: Annotated[str, typer.Option(help="Why it is safe again.")],
    tenant: TenantOption = "",
    channel: ChannelOption = None,
    type: TypeOption = None,
    campaign: CampaignOption = None,
) -> None:
    """Releases a switch, if somebody else has asked for it; else asks, and another person has to release it too."""
    from store import records
    from store.records import kill_switches

    with one_line_errors(), records.session(the_house(), Role.PIPELINES) as session:
        reach = _reach(session, tenant, channel, type, campaign)
        if kill_switches.release(session, operator(), reach, reason):
            console.print("Released. What is approved and due goes out again.")
        else:
            console.print(
                "Asked. A second person releases it: in the console, or another operator with mp kill off."
            )


def _reach(
    session: "Session", slug: str, channel: Channel | None, type: ActionType | None, campaign: int | None
) -> "Reach":
    """What the options name; a part is always some tenant's."""
    from store import records
    from store.records.campaigns import Campaign
    from store.records.kill_switches import Reach, Scope

    parts = [(Scope.CHANNEL, channel), (Scope.TYPE, type), (Scope.CAMPAIGN, campaign)]
    named = [(scope, str(part)) for scope, part in parts if part is not None]
    if len(named) > 1:
        raise records.NotUsable("Name one of --channel, --type and --campaign, or none.")
    if not slug:
        if named:
            raise records.NotUsable("Say whose, with --tenant.")
        return Reach(Scope.GLOBAL)
    tenant = records.tenants.named(session, slug).id
    if not named:
        return Reach(Scope.TENANT, tenant)
    [(scope, subject)] = named
    own = select(Campaign.id).where(Campaign.tenant_id == tenant, Campaign.id == campaign)
    if scope is Scope.CAMPAIGN and session.scalar(own) is None:
        raise records.NotUsable(f"{slug} has no campaign {campaign}.")
    return Reach(scope, tenant, subject)


def _line(switch: "KillSwitch", whose: str) -> str:
    told = f"{_named(switch.scope, switch.subject, whose)}: {switch.reason} "
    told += f"({switch.changed_by}, {switch.changed_at:%Y-%m-%d %H:%M} UTC)"
    return told + (f"; {switch.release_asked_by} wants it released" if switch.waits_for_a_second else "")


def _named(scope: str, subject: str, whose: str) -> str:
    if not whose:
        return "everything"
    return f"everything of {whose}" if subject == "*" else f"{scope} {subject} of {whose}"
