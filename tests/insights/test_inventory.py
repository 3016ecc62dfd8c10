"""What stands in the accounts of the sandbox, read over real HTTP into the records, and seen by Dagster."""

from datetime import timedelta

import dagster as dg
import pytest
from sqlalchemy import func, select

from connectors.face import Channel
from connectors.inventory import Status
from connectors.retries import Patience
from marketing_pipelines.defs.insights.ads import ADS
from marketing_pipelines.defs.resources import SettingsResource
from marketing_pipelines.insights import inventory
from marketing_pipelines.insights.inventory import AccountRead
from store import records
from store.records.ads import Ad, AdCampaign, AdSet, DailyBudget, Showing
from store.records.connections import ConnectionStatus
from store.settings import Role
from tests.days import today
from tests.insights.advertiser import Advertiser

ACCOUNTS = {
    Channel.GOOGLE_ADS: "1112223333",
    Channel.META: "555000111",
    Channel.LINKEDIN: "500600100",
    Channel.TIKTOK: "7012345678901230111",
    Channel.REDDIT: "a2_h7lindgrn1",
}
GROUP = {asset.key.path[-1]: asset for asset in ADS}


def read(advertiser: Advertiser, channel: Channel) -> AccountRead:
    patience = Patience(attempts=2, sleep=advertiser.sandbox.waits.append)
    [found] = [
        it
        for it in inventory.read_inventories(advertiser.settings, channel, patience=patience)
        if it.tenant_id == advertiser.tenant
    ]
    return found


def count(advertiser: Advertiser, table: type[AdCampaign | AdSet | Ad | DailyBudget]) -> int:
    with records.session(advertiser.settings, Role.CONSOLE, tenant=advertiser.tenant) as session:
        return session.scalar(select(func.count(table.id))) or 0


@pytest.mark.parametrize("channel", ACCOUNTS)
def test_what_an_account_lists_is_kept_whole(advertiser: Advertiser, channel: Channel) -> None:
    advertiser.connect(channel, ACCOUNTS[channel])
    kept = read(advertiser, channel).kept
    assert (kept.campaigns, kept.ad_sets, kept.ads) == tuple(
        count(advertiser, table) for table in (AdCampaign, AdSet, Ad)
    )
    assert min(kept.campaigns, kept.ad_sets, kept.ads, count(advertiser, DailyBudget)) > 0
    assert kept.homeless == 0
    assert read(advertiser, channel).kept == kept, "reading again changes nothing"


def test_the_records_know_every_way_in_which_something_stands() -> None:
    assert [it.value for it in Showing] == [it.value for it in Status]


def test_ads_have_the_numbers_that_insights_name(advertiser: Advertiser) -> None:
    advertiser.connect(Channel.META, ACCOUNTS[Channel.META])
    read(advertiser, Channel.META)
    day = today() - timedelta(days=5)
    advertiser.sync(Channel.META, day, day)
    named = {row["ad_id"] for row in advertiser.facts() if row["level"] == "ad"}
    with records.session(advertiser.settings, Role.CONSOLE, tenant=advertiser.tenant) as session:
        assert named <= set(session.scalars(select(Ad.external_id)))


def test_an_account_that_fails_keeps_what_was_read_before(advertiser: Advertiser) -> None:
    advertiser.connect(Channel.META, ACCOUNTS[Channel.META])
    before = read(advertiser, Channel.META).kept
    advertiser.sandbox.order(Channel.META, "server_error", times=100)
    try:
        failed = read(advertiser, Channel.META)
    finally:
        advertiser.sandbox.forget()
    assert failed.error
    assert failed.kept.campaigns == 0
    assert count(advertiser, Ad) == before.ads
    with records.session(advertiser.settings, Role.CONSOLE, tenant=advertiser.tenant) as session:
        assert session.scalars(select(Ad.gone_at).where(Ad.gone_at.is_not(None))).all() == []


def test_a_grant_that_was_taken_back_is_the_connections_trouble(advertiser: Advertiser) -> None:
    account = advertiser.connect(Channel.META, ACCOUNTS[Channel.META], secrets={"access_token": "stale"})
    assert read(advertiser, Channel.META).error
    assert advertiser.connection(account).status is ConnectionStatus.NEEDS_RECONNECT
    assert "stale" not in str(advertiser.connection(account).last_error)


@pytest.mark.usefixtures("house_of_runs")
def test_dagster_shows_what_was_read_and_warns_of_what_is_refused(advertiser: Advertiser) -> None:
    advertiser.connect(Channel.META, ACCOUNTS[Channel.META])
    done = dg.materialize([GROUP["meta"]], resources={"house": SettingsResource()})
    [made] = done.asset_materializations_for_node("ads__meta")
    assert made.metadata["accounts_ok"].value == 1
    assert made.metadata["dagster/row_count"].value == count(advertiser, Ad)
    [check] = done.get_asset_check_evaluations()
    with records.session(advertiser.settings, Role.CONSOLE, tenant=advertiser.tenant) as session:
        refused = session.scalar(select(func.count(Ad.id)).where(Ad.status == Showing.REFUSED))
    assert (check.check_name, check.passed) == ("nothing_is_refused", not refused)
    assert check.metadata["ads_refused"].value == refused
