"""Is everything running? What each part last said of itself, and what to do where one is silent."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clickhouse_connect.driver.exceptions import Error as ClickHouseError
from sqlalchemy import func, select

from console.door.sign_in import Visitor
from console.frame.lineage import Asset
from console.frame.wording import Label, Tone
from console.watching import dagster_runs
from console.watching.dagster_runs import Clockwork, House
from store import edge_shipper, events
from store.clock import now
from store.records import gate, requested_runs
from store.records.database import Session
from store.records.feeds import Feed, FeedStatus
from store.records.requested_runs import PATIENCE, RequestedRun

WELL = Label("In order", Tone.GOOD)
WAITS = Label("Late", Tone.WAITING)
DOWN = Label("Not running", Tone.BAD)
UNSEEN = Label("Not seen from here", Tone.QUIET)
NOT_YET = Label("Nothing yet", Tone.QUIET)
# A day's numbers are built within hours; one that is missing the day after is late.
NUMBERS_LATE_AFTER = timedelta(hours=36)
_LAST_EVENT = """
select max(received_at) as at, count() as events from raw.events
where tenant_id = {tenant:Int64} and received_at > now() - interval 3 day
settings max_execution_time = 2
"""
_LAST_DAY = """
select max(date_day) as day, count() as days from marts.channel_daily
where tenant_id = {tenant:Int64} and date_day > today() - 30
settings max_execution_time = 2
"""


@dataclass(frozen=True, slots=True)
class Sign:
    """One part of the house; `to_do` is empty while there is nothing to be done."""

    name: str
    state: Label
    said: str
    seen_at: datetime | None = None
    to_do: str = ""
    asset: Asset | None = None


def of_records(session: Session, visitor: Visitor) -> list[Sign]:
    return [_gate(session, visitor), _requests(session, visitor), _feeds(session, visitor)]


def of_warehouse(visitor: Visitor) -> list[Sign]:
    try:
        client = events.shared(visitor.settings)
        came = events.read_for_tenant(client, visitor.tenant, _LAST_EVENT).row(0, named=True)
        built = _last_day(client, visitor)
    except (ClickHouseError, OSError):
        return [
            Sign(
                "Warehouse",
                DOWN,
                "ClickHouse does not answer: numbers and trends are missing, sending goes on.",
                to_do="Start it (make status says what is down); what came meanwhile waits on disk and is loaded then.",
            )
        ]
    return [_events(came["at"] if came["events"] else None), built]


def of_edge(visitor: Visitor) -> Sign:
    """The shipper of this host; one of another host is not seen from here."""
    spool = visitor.settings.data_dir / "spool"
    if not (spool / edge_shipper.NAME).exists():
        return Sign(
            "Shipper of events", UNSEEN, "It runs beside the collectors; their page /status shows it."
        )
    said = edge_shipper.heard(spool)
    seen = datetime.fromtimestamp(said.said_at, tz=now().tzinfo)
    if not said.is_running:
        return Sign(
            "Shipper of events",
            DOWN,
            "What web pages and readers do is kept on disk and not loaded.",
            seen,
            "Start it: make status names it; nothing is lost while the disk has room.",
        )
    waits = f"{said.backlog_segments} files wait, the oldest for {said.lag_seconds:.0f} s."
    if not said.clickhouse_answers:
        return Sign("Shipper of events", WAITS, f"ClickHouse does not take what it brings. {waits}", seen,
                    "See whether ClickHouse runs.")  # fmt: skip
    return Sign("Shipper of events", WELL, waits, seen)


def of_dagster(house: House) -> Iterator[Sign]:
    ill = [daemon.name for daemon in house.daemons if not daemon.is_well]
    heard = [daemon.seen_at for daemon in house.daemons if daemon.seen_at is not None]
    if ill or not house.daemons:
        yield Sign(
            "Dagster's daemon",
            DOWN,
            f"Silent: {', '.join(ill)}." if ill else "It has given no sign of life.",
            max(heard, default=None),
            "Start it: without it nothing is sent and nothing is rebuilt.",
        )
    else:
        yield Sign("Dagster's daemon", WELL, "All of its threads are well.", max(heard, default=None))
    yield _clockworks(house.clockworks)


def of_silent_dagster(why: dagster_runs.Away) -> Sign:
    return Sign(
        "Dagster UI",
        DOWN,
        f"The Dagster UI does not answer. {why}",
        to_do="Sending does not need it. If it stays away: make status, or look at the log of the webserver.",
    )


def _gate(session: Session, visitor: Visitor) -> Sign:
    seen = gate.last_seen(session)
    if seen is None:
        return Sign("Gate", NOT_YET, "No sensor has looked for approved work yet.", None,
                    "Start Dagster's daemon; its sensors gate_sensor_a and gate_sensor_b look every few seconds.")  # fmt: skip
    if now() - seen > timedelta(seconds=visitor.settings.alert_gate_silent_seconds):
        return Sign(
            "Gate",
            DOWN,
            "No sensor looks for approved work, so that nothing is sent.",
            seen,
            "See whether Dagster's daemon runs and its gate sensors are on; what was approved goes out as soon as they are.",
        )
    return Sign("Gate", WELL, "Looks for approved work all the time.", seen)


def _requests(session: Session, visitor: Visitor) -> Sign:
    query = select(func.count(), func.min(RequestedRun.created_at)).where(
        RequestedRun.tenant_id == visitor.tenant, RequestedRun.state == requested_runs.RunState.WAITING
    )
    count, oldest = session.execute(query).one()
    if not count:
        return Sign("What you asked for", WELL, "Nothing waits.")
    if now() - oldest > PATIENCE:
        return Sign("What you asked for", WAITS, f"{count} waiting for a run.", oldest,
                    "See whether Dagster's daemon runs and its sensor requested_runs is on.")  # fmt: skip
    return Sign("What you asked for", WELL, f"{count} waiting for a run.", oldest)


def _feeds(session: Session, visitor: Visitor) -> Sign:
    own = Feed.tenant_id == visitor.tenant
    counted = session.execute(
        select(Feed.status, func.count(), func.max(Feed.last_success_at)).where(own).group_by(Feed.status)
    ).all()
    counts = {status: count for status, count, _ in counted}
    read_at = max((at for _, _, at in counted if at is not None), default=None)
    read = sum(count for status, count in counts.items() if status is not FeedStatus.RETIRED)
    failing = counts.get(FeedStatus.FAILING, 0)
    if not read:
        return Sign("Feeds", NOT_YET, "You read no feeds.", asset=Asset.FEED_ENTRIES)
    if failing:
        return Sign("Feeds", WAITS, f"{failing} of {read} cannot be read.", read_at,
                    "Trends names them and says why.", Asset.FEED_ENTRIES)  # fmt: skip
    return Sign("Feeds", WELL, f"{read} are read.", read_at, asset=Asset.FEED_ENTRIES)


def _events(last: datetime | None) -> Sign:
    if last is None:
        return Sign("Events", NOT_YET, "None has come in three days.", None,
                    "If your site should send some, see Pixel.", Asset.RAW_EVENTS)  # fmt: skip
    return Sign("Events", WELL, "The last one came", last, asset=Asset.RAW_EVENTS)


def _last_day(client: events.Client, visitor: Visitor) -> Sign:
    try:
        row = events.read_for_tenant(client, visitor.tenant, _LAST_DAY).row(0, named=True)
    except ClickHouseError:
        return Sign("Numbers", NOT_YET, "They have not been built yet.", asset=Asset.CHANNEL_DAILY)
    if not row["days"]:
        return Sign("Numbers", NOT_YET, "None of the last 30 days.", asset=Asset.CHANNEL_DAILY)
    said = f"They reach to {row['day']:%-d %B %Y}."
    if now().date() - row["day"] > NUMBERS_LATE_AFTER:
        return Sign("Numbers", WAITS, said, None, "Open the asset and see why it was not built since.",
                    Asset.CHANNEL_DAILY)  # fmt: skip
    return Sign("Numbers", WELL, said, asset=Asset.CHANNEL_DAILY)


def _clockworks(clockworks: Sequence[Clockwork]) -> Sign:
    off = [it.name for it in clockworks if not it.is_on]
    failed = [it.name for it in clockworks if it.failed]
    if off:
        return Sign("Sensors and schedules", DOWN, f"Switched off: {', '.join(off)}.", None,
                    "Switch them on under Automation in the Dagster UI, unless somebody meant it.")  # fmt: skip
    if failed:
        return Sign("Sensors and schedules", WAITS, f"The last look failed: {', '.join(failed)}.", None,
                    "Open them under Automation in the Dagster UI; the tick says why.")  # fmt: skip
    return Sign("Sensors and schedules", WELL, f"All {len(clockworks)} are on.")
