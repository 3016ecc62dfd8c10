"""`mp sync`: reads a channel's insights again, as materialising its days in the Dagster UI does."""

from datetime import datetime
from typing import Annotated, Any

import typer

from cli.reporting import console, errors, one_line_errors, the_house
from store import clock
from store.settings import Service

WITHIN_SECONDS = 7200.0

DayOption = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d"], help="The day; today when left out, with the days that are restated with it."
    ),
]
UntilOption = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], help="The last day of several that begin with the day."),
]


def sync(
    channel: Annotated[str, typer.Argument(help="google_ads, meta, linkedin, tiktok, reddit or x.")],
    day: DayOption = None,
    until: UntilOption = None,
) -> None:
    """Reads the insights of a channel's accounts for a day or several, in a run that the Dagster UI shows.

    The daemon runs it, so that it takes its turn in the channel's pool and never reads beside the nightly run.
    """
    from cli import dagster_ui
    from connectors import channels_with
    from connectors.face import Capability
    from store.records.schema import NotUsable

    with one_line_errors():
        readable = channels_with(Capability.INSIGHTS)
        if channel not in readable:
            raise NotUsable(f"There are insights of {', '.join(readable)}; not of {channel!r}.")
        first = (day or clock.now()).date()
        last = until.date() if until else first
        if not first <= last <= clock.now().date():
            raise NotUsable(f"{first} to {last} are no days that are over or under way (UTC).")
        port = the_house().port(Service.DAGSTER)
        run = dagster_ui.run_job(port, "insights_job", first, last, WITHIN_SECONDS, [f"insights/{channel}"])
        said = dagster_ui.said_of(port, run)
    days = str(first) if first == last else f"{first} to {last}"
    console.print(
        f"{channel}, {days}: {told(said)}. http://127.0.0.1:{port}/runs/{run}", markup=False, soft_wrap=True
    )
    if said.get("accounts_failing"):
        errors.print(said["failing"], style="bold red", markup=False, soft_wrap=True)
        raise typer.Exit(1)


def told(said: dict[str, Any]) -> str:
    """What the run says of itself, in a line."""
    accounts = (said.get("accounts_ok") or 0) + (said.get("accounts_failing") or 0)
    if not accounts:
        return "no account is connected"
    spend = [
        f"{amount:,.2f} {label.removeprefix('spend_')}"
        for label, amount in sorted(said.items())
        if label.startswith("spend_") and isinstance(amount, float)
    ]
    return f"{said.get('dagster/row_count') or 0:,} rows of {accounts} accounts, spend {', '.join(spend) or 'nothing'}"
