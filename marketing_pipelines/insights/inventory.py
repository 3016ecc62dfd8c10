"""Inventory: what stands in every ad account is read, and the records are made what was read."""

from dataclasses import asdict, dataclass
from typing import Any

import httpx

from connectors.errors import ChannelError, Invalid
from connectors.face import Channel
from connectors.inventory import Listed, ListedAd, ListedAdSet, ListedCampaign, ListsAds
from connectors.retries import Patience
from marketing_pipelines.connections import opening
from marketing_pipelines.insights.reading import at_providers, told
from marketing_pipelines.insights.sync import connected_accounts
from store import clock, records
from store.records import ads
from store.records.accounts import AdAccount
from store.records.ads import Inventory, Kept
from store.records.connections import Connection, Unreadable
from store.records.schema import TenantId
from store.settings import Role, Settings


@dataclass(frozen=True, slots=True)
class AccountRead:
    """How the reading of one account went; one that failed keeps what was read of it before."""

    tenant_id: TenantId
    account_id: str
    name: str
    kept: Kept
    error: str | None


def read_inventories(
    settings: Settings, channel: Channel, *, patience: Patience | None = None
) -> list[AccountRead]:
    """Reads every connected account of a channel; one that fails says so in its row and stops no other."""
    with records.session(settings, Role.PIPELINES) as session:
        accounts = connected_accounts(session, channel)
    with at_providers(settings, "inventory") as http:
        return [
            _read_account(settings, http, account, connection, patience or Patience())
            for account, connection in accounts
        ]


def _read_account(
    settings: Settings, http: httpx.Client, account: AdAccount, connection: Connection, patience: Patience
) -> AccountRead:
    kept, error = Kept(), None
    try:
        found = _listed(_opened(settings, connection, http, patience), account.account_id)
        with records.session(settings, Role.PIPELINES, tenant=account.tenant_id) as session:
            row = session.get_one(AdAccount, account.id, with_for_update=True)
            kept = ads.keep(session, row, found, clock.now())
    except (ChannelError, Unreadable) as trouble:
        error = told(settings, connection, trouble)
    return AccountRead(account.tenant_id, account.account_id, account.name, kept, error)


def _opened(settings: Settings, connection: Connection, http: httpx.Client, patience: Patience) -> ListsAds:
    opened = opening.open_connection(settings, connection, http, patience)
    if not isinstance(opened, ListsAds):
        raise Invalid(what="this channel lists no ads", where=connection.channel, field="channel")
    return opened


def _listed(reader: ListsAds, account: str) -> Inventory:
    """Campaigns come last: what was made while this was read stands in one that is listed."""
    found_ads = [_of_an_ad(each) for each in reader.list_ads(account)]
    ad_sets = [_of_an_ad_set(each) for each in reader.list_ad_sets(account)]
    return Inventory([_of_a_campaign(each) for each in reader.list_campaigns(account)], ad_sets, found_ads)


def _of_a_campaign(listed: ListedCampaign) -> dict[str, Any]:
    return _common(listed) | {
        "objective": listed.objective,
        "bid_strategy": listed.bid_strategy,
        "daily_budget": listed.daily_budget,
        "starts_on": listed.starts_on,
        "ends_on": listed.ends_on,
    }


def _of_an_ad_set(listed: ListedAdSet) -> dict[str, Any]:
    audience = {name: value for name, value in asdict(listed.audience).items() if value not in ((), None)}
    return _common(listed) | {
        "campaign": listed.campaign_id,
        "audience": audience,
        "placements": list(listed.placements),
        "bid_strategy": listed.bid_strategy,
        "highest_bid": listed.highest_bid,
        "daily_budget": listed.daily_budget,
    }


def _of_an_ad(listed: ListedAd) -> dict[str, Any]:
    return _common(listed) | {
        "ad_set": listed.ad_set_id,
        "format": listed.format,
        "headline": listed.headline,
        "text": listed.text,
        "leads_to": listed.leads_to,
        "creative_id": listed.creative_id,
    }


def _common(listed: Listed) -> dict[str, Any]:
    return {
        "external_id": listed.id,
        "name": listed.name,
        "status": ads.Showing(listed.status.value),
        "said": listed.said,
        "why": listed.why,
    }
