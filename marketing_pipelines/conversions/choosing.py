"""Which conversions a platform may be told of: those that a click of its own led to, of people who consented."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from re import compile as pattern
from typing import TYPE_CHECKING, Any

from connectors import money
from marketing_pipelines.analytics.reading import read
from marketing_pipelines.outbound.kinds.conversion_report import Click, Platform, ToldConversion
from store import events
from store.records.schema import GoalId, TenantId

if TYPE_CHECKING:
    import polars as pl

# No platform counts a click for longer.
CLICK_DAYS = 90
CLICKS = {
    Platform.GOOGLE_ADS: (Click.GCLID, Click.GBRAID, Click.WBRAID),
    Platform.META: (Click.FBCLID,),
}
# Who wants to know on which page and in which browser it was.
_WANTS_BROWSER = frozenset({Platform.META})
_TELLABLE_ID = pattern(r"[!-?A-~]{1,100}")
_TELLABLE_CLICK = pattern(r"[A-Za-z0-9._-]{1,512}")


@dataclass(frozen=True, slots=True)
class Chosen:
    """In the order in which they happened; `without_consent` had a click, and somebody who did not want it told."""

    conversions: Sequence[ToldConversion]
    without_consent: int


def chosen(
    client: events.Client, tenant: TenantId, platform: Platform, goal: GoalId, first: date, last: date
) -> Chosen:
    """Of these days, which are those of the warehouse (UTC)."""
    clicks = CLICKS[platform]
    found = read(
        client, tenant, _CLICKED,
        goal=goal, first=first, last=last, clicks=[click.value for click in clicks], click_days=CLICK_DAYS,
    )  # fmt: skip
    consented = found.filter(found["is_consented"])
    browsers = _browsers(client, tenant, consented, first) if platform in _WANTS_BROWSER else {}
    told = (_told(row, clicks, browsers) for row in consented.iter_rows(named=True))
    return Chosen([each for each in told if each is not None], len(found) - len(consented))


def _browsers(
    client: events.Client, tenant: TenantId, found: "pl.DataFrame", first: date
) -> dict[str, tuple[str, str]]:
    """Page and browser by the event they were seen at; a server that reports a purchase has neither."""
    wanted = {*found["conversion_id"], *found["click_event"]}
    if not wanted:
        return {}
    seen = read(
        client, tenant, _SEEN, events=sorted(wanted), first=first, click_days=CLICK_DAYS,
    )  # fmt: skip
    return {row["event_id"]: (row["url"], row["user_agent"]) for row in seen.iter_rows(named=True)}


def _told(
    row: dict[str, Any], clicks: Iterable[Click], browsers: dict[str, tuple[str, str]]
) -> ToldConversion | None:
    """None where the click's id is none that a platform has made: somebody wrote it into an address."""
    click = next(each for each in clicks if each in row["click_names"])
    click_id = row["click_values"][row["click_names"].index(click)]
    if not _TELLABLE_CLICK.fullmatch(click_id):
        return None
    page, browser = browsers.get(row["conversion_id"], ("", ""))
    if not (page and browser):
        page, browser = browsers.get(row["click_event"], ("", ""))
    is_usable = bool(page and browser) and page.isascii() and browser.isascii() and len(page) <= 2000
    return ToldConversion(
        id=_id(row["order_id"] or row["conversion_id"]),
        at=_utc(row["converted_at"]),
        value=_in_coins(row["original_value"], row["original_currency"]),
        currency=row["original_currency"],
        click=click,
        click_id=click_id,
        clicked_at=_utc(row["clicked_at"]),
        page=page if is_usable else "",
        browser=browser[:512] if is_usable else "",
    )


def _id(said: str) -> str:
    """An order's number as it is, since other ways of reporting name it too; what may be an address is not told."""
    return said if _TELLABLE_ID.fullmatch(said) else sha256(said.encode()).hexdigest()


def _in_coins(value: Decimal, currency: str) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-min(money.decimals(currency), 4)))


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# A refund takes nothing back that was reported: platforms have other ways for that.
_CLICKED = """
with
due as (
    select conversion_id, order_id, visitor_id, person_id, converted_at, original_value, original_currency
    from intermediate.int_conversions
    where
        tenant_id = {tenant:Int64}
        and goal_id = {goal:Int64}
        and converted_on between {first:Date} and {last:Date}
        and not is_refund
),

-- Whose devices are known to be one person's when it happened.
devices as (
    select conversion_id, converted_at, visitor_id
    from due
    where visitor_id != ''
    union distinct
    select conversion_id, converted_at, person_id as visitor_id
    from due
    where person_id != ''
    union distinct
    select due.conversion_id, due.converted_at, identities.visitor_id
    from due
    inner join (
        select visitor_id, person_id, valid_from, valid_to, known_at
        from intermediate.int_identities
        where tenant_id = {tenant:Int64} and person_id in (select person_id from due)
    ) as identities
        on due.person_id = identities.person_id
    where
        identities.valid_from <= due.converted_at
        and identities.valid_to > due.converted_at
        and identities.known_at <= due.converted_at
),

clicks as (
    select visitor_id, event_id, occurred_at, consent, mapKeys(click_ids) as names, mapValues(click_ids) as values
    from staging.stg_events
    where
        tenant_id = {tenant:Int64}
        and occurred_on between {first:Date} - {click_days:UInt16} and {last:Date}
        and not is_bot
        and hasAny(mapKeys(click_ids), {clicks:Array(String)})
        and visitor_id in (select visitor_id from devices)
),

-- The last one of this platform before it happened.
clicked as (
    select
        devices.conversion_id as conversion_id,
        argMax(
            (clicks.event_id, clicks.occurred_at, clicks.consent, clicks.names, clicks.values),
            (clicks.occurred_at, clicks.event_id)
        ) as click
    from devices
    inner join clicks on devices.visitor_id = clicks.visitor_id
    where
        clicks.occurred_at <= devices.converted_at
        and clicks.occurred_at > devices.converted_at - toIntervalDay({click_days:UInt16})
    group by conversion_id
),

-- Whoever has said no since, at any of their devices, is told of no more.
refusing as (
    select visitor_id
    from staging.stg_events
    where
        tenant_id = {tenant:Int64}
        and occurred_on >= {first:Date} - {click_days:UInt16}
        and consent in ('granted', 'denied')
        and visitor_id in (select visitor_id from devices)
    group by visitor_id
    having argMax(consent, (occurred_at, consent = 'denied')) = 'denied'
),

refused as (
    select event_id
    from staging.stg_events
    where
        tenant_id = {tenant:Int64}
        and occurred_on between {first:Date} and {last:Date}
        and consent = 'denied'
        and event_id in (select conversion_id from due)
)

select
    due.conversion_id as conversion_id,
    due.order_id as order_id,
    due.converted_at as converted_at,
    due.original_value as original_value,
    due.original_currency as original_currency,
    clicked.click.1 as click_event,
    clicked.click.2 as clicked_at,
    clicked.click.4 as click_names,
    clicked.click.5 as click_values,
    toBool(
        clicked.click.3 = 'granted'
        and due.conversion_id not in (select event_id from refused)
        and due.conversion_id not in (
            select conversion_id from devices where visitor_id in (select visitor_id from refusing)
        )
    ) as is_consented
from due
inner join clicked on due.conversion_id = clicked.conversion_id
order by converted_at, conversion_id
settings max_execution_time = 60
"""

_SEEN = """
select event_id, any(raw.url) as url, any(raw.user_agent) as user_agent
from raw.events as raw
where
    tenant_id = {tenant:Int64}
    and received_at >= toDateTime64({first:Date}, 3, 'UTC') - toIntervalDay({click_days:UInt16})
    and event_id in {events:Array(String)}
    and raw.url != ''
group by event_id
settings max_execution_time = 60
"""
