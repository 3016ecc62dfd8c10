"""What stands in the ad accounts, as it was read last, beside what it has cost and brought lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from clickhouse_connect.driver.exceptions import Error as ClickHouseError

from connectors import CONNECTORS
from connectors.face import Channel
from console.door.problems import nothing_here
from console.door.sign_in import Visitor
from marketing_pipelines.analytics import ads as spending
from marketing_pipelines.analytics.ads import Brought, Named, Split
from marketing_pipelines.analytics.refusals import NotBuilt
from store import events
from store.clock import now
from store.records import ads
from store.records.accounts import AdAccount, bare
from store.records.ads import Ad, AdCampaign, AdSet, DailyBudget, ListedCampaign, Sought
from store.records.database import Session

MOST_INSIDE = 1_000
REFUSED_SHOWN = 10
BUDGET_DAYS = timedelta(days=28)


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of campaigns; `brought` is None while the warehouse is away."""

    campaigns: Sequence[ListedCampaign]
    brought: Mapping[int, Brought] | None
    following: int | None


@dataclass(frozen=True, slots=True)
class Campaign:
    """One campaign with all that stands in it; `split` is None while the warehouse is away."""

    campaign: AdCampaign
    account: AdAccount
    inside: Sequence[tuple[AdSet, Sequence[Ad]]]
    budgets: Sequence[DailyBudget]
    brought: Brought | None
    split: Split | None


def listed(visitor: Visitor, sought: Sought, *, cursor: int | None, limit: int) -> Listed:
    with visitor.records() as session:
        found, following = ads.listed(session, visitor.tenant, sought, cursor=cursor, limit=limit)
    return Listed(found, _brought(visitor, found), following)


def read(visitor: Visitor, number: int) -> Campaign:
    with visitor.records() as session:
        found = ads.campaign(session, visitor.tenant, number)
        if found is None:
            raise nothing_here()
        campaign, account = found
        inside = ads.inside(session, campaign, MOST_INSIDE)
        budgets = ads.budgets(session, campaign, now().date() - BUDGET_DAYS)
    name, today = _named(campaign, account), datetime.now(visitor.time_zone).date()
    try:
        client = events.shared(visitor.settings)
        brought = spending.brought(client, visitor.tenant, [name], today).get(name, Brought())
        return Campaign(
            campaign, account, inside, budgets, brought, spending.split(client, visitor.tenant, name, today)
        )
    except (ClickHouseError, OSError, NotBuilt):
        return Campaign(campaign, account, inside, budgets, None, None)


def refused(session: Session, visitor: Visitor) -> list[tuple[Ad, AdCampaign]]:
    return ads.refused(session, visitor.tenant, REFUSED_SHOWN)


def _brought(visitor: Visitor, found: Sequence[ListedCampaign]) -> Mapping[int, Brought] | None:
    names = {it.campaign.id: _named(it.campaign, it.account) for it in found}
    today = datetime.now(visitor.time_zone).date()
    try:
        by_name = spending.brought(events.shared(visitor.settings), visitor.tenant, names.values(), today)
    except (ClickHouseError, OSError, NotBuilt):
        return None
    return {number: by_name.get(name, Brought()) for number, name in names.items()}


def _named(campaign: AdCampaign, account: AdAccount) -> Named:
    platform = getattr(CONNECTORS[Channel(account.channel)], "platform", "")
    return Named(str(platform), bare(account.account_id), campaign.external_id)
