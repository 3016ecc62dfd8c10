"""Reading: a central bank is asked for its rates, and what it says anew of some days is stored."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import httpx

from connectors import public_network, reference_rates
from connectors.face import Endpoint, Wire
from connectors.reference_rates import Rate, Reach
from connectors.retries import Patience
from marketing_pipelines.currencies import believing
from marketing_pipelines.currencies.believing import Leap
from store import clock, events
from store.events import Days
from store.settings import Settings

if TYPE_CHECKING:
    import pyarrow as pa

USER_AGENT = "MarketingPipelines/0.1 (reference rates)"
TABLE = "raw.exchange_rates"

STORED = """
select rate_on, currency, per_euro
from raw.exchange_rates
where rate_on between {first:Date} and {last:Date}
"""


@dataclass(frozen=True, slots=True)
class Read:
    """What was found: of the days that were asked for, but for `history`, which is all that the bank was read for."""

    believed: list[Rate]
    leaps: list[Leap]
    changed: list[date]
    history: list[Rate]

    @property
    def latest(self) -> date:
        return self.history[-1].day


def read_days(settings: Settings, days: Days, *, run_id: str, patience: Patience | None = None) -> Read:
    """Stores what the bank says of these days; where it is silent, what was stored stays."""
    with public_network.client(
        allow_private=not settings.production, user_agent=USER_AGENT, timeout=httpx.Timeout(60, connect=10)
    ) as http:
        wire = Wire(
            http=http,
            endpoint=Endpoint(base_url=settings.exchange_rates_url),
            patience=patience or Patience(),
            clock=clock.now,
        )
        said = reference_rates.fetch(wire, Reach.back_to(days.first, clock.now().date()))
    sifted = believing.sift(said)
    believed = [rate for rate in sifted.believed if days.first <= rate.day <= days.last]
    client = events.connect(settings, run_id=run_id)
    try:
        changed = _store(client, days, believed)
    finally:
        client.close()
    return Read(
        believed=believed,
        leaps=[leap for leap in sifted.leaps if days.first <= leap.said.day <= days.last],
        changed=changed,
        history=sifted.believed,
    )


def _store(client: events.Client, days: Days, believed: Iterable[Rate]) -> list[date]:
    """A day at a time and whole; one of which nothing new is said is not touched, and nothing downstream of it."""
    found = client.query(STORED, parameters={"first": days.first, "last": days.last}).result_rows
    stored = _by_day(Rate(day, currency, per_euro) for day, currency, per_euro in found)
    said = _by_day(believed)
    changed = sorted(day for day, rates in said.items() if rates != stored.get(day))
    for day in changed:
        with events.replaced_partition(client, TABLE, day) as append:
            append(as_table(day, said[day], clock.now()))
    return changed


def _by_day(rates: Iterable[Rate]) -> dict[date, dict[str, Decimal]]:
    found: defaultdict[date, dict[str, Decimal]] = defaultdict(dict)
    for rate in rates:
        found[rate.day][rate.currency] = rate.per_euro
    return dict(found)


def as_table(day: date, rates: Mapping[str, Decimal], now: datetime) -> "pa.Table":
    """A day's rates in the columns of raw.exchange_rates."""
    import pyarrow as pa

    moment, text = pa.timestamp("ms", tz="UTC"), pa.string()
    return pa.table(
        {
            "rate_on": pa.array([day] * len(rates), pa.date32()),
            "currency": pa.array(list(rates), text),
            "per_euro": pa.array(list(rates.values()), pa.decimal128(18, 8)),
            "source": pa.array([reference_rates.NAME] * len(rates), text),
            "fetched_at": pa.array([now] * len(rates), moment),
        }
    )
