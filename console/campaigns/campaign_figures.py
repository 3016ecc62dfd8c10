"""What a campaign has brought, out of the marts: what its ads cost and earned, and how its links were followed."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import polars as pl
from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from console.door.sign_in import Visitor
from store import events
from store.records.campaigns import Campaign

DAYS = 30
# Ad accounts name a campaign as its addresses do.
_ADS = """
select currency, toFloat64(sum(spend)) as spent, toFloat64(sum(conversions)) as converted, sum(clicks) as clicks
from marts.ad_performance
where tenant_id = {tenant:Int64} and date_day between {since:Date} and {last:Date} and campaign_name = {name:String}
group by currency
order by spent desc
settings max_execution_time = 5
"""
_LINKS = """
select sum(human_clicks) as people, sum(bot_clicks) as programs
from marts.link_daily
where tenant_id = {tenant:Int64} and date_day between {since:Date} and {last:Date} and campaign_id = {campaign:Int64}
settings max_execution_time = 5
"""
_log = logging.getLogger("console")


@dataclass(frozen=True, slots=True)
class Advertised:
    """What its ads cost and brought in one currency, as the platforms count it."""

    currency: str
    spent: float
    conversions: float
    clicks: int


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the last thirty days, both ends among them."""

    first: date
    last: date
    ads: Sequence[Advertised]
    followed_by_people: int
    followed_by_programs: int

    @property
    def says_something(self) -> bool:
        return bool(self.ads or self.followed_by_people or self.followed_by_programs)


def of_campaign(visitor: Visitor, campaign: Campaign) -> Figures | None:
    """None where there is nothing to read: no mart yet, or ClickHouse is away."""
    last = datetime.now(UTC).date()
    span = {"since": last - timedelta(days=DAYS - 1), "last": last}
    try:
        client = events.shared(visitor.settings)
        ads = events.read_for_tenant(client, visitor.tenant, _ADS, **span, name=campaign.utm_campaign)
        links = events.read_for_tenant(client, visitor.tenant, _LINKS, **span, campaign=campaign.id)
    except (ClickHouseError, OSError) as error:
        _log.info("no figures", extra={"fields": {"reason": type(error).__name__}})
        return None
    people, programs = links.select(pl.col("people", "programs").sum()).row(0)
    advertised = [
        Advertised(row["currency"], row["spent"], row["converted"], row["clicks"])
        for row in ads.iter_rows(named=True)
    ]
    return Figures(span["since"], last, advertised, int(people or 0), int(programs or 0))
