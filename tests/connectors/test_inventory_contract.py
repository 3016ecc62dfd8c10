"""What every channel that tells what stands in an account owes its caller, over HTTP against the sandbox."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

import httpx
import pytest

from connectors import CONNECTORS
from connectors.advertising import ChangesAds, mark
from connectors.errors import AuthRevoked, Forbidden, Invalid, RateLimited, Transient
from connectors.face import Capability, Channel, Level
from connectors.inventory import (
    Audience,
    Listed,
    ListedAd,
    ListedAdSet,
    ListedCampaign,
    ListsAds,
    Status,
)
from connectors.sandbox import CREDENTIALS
from connectors.sandbox.reddit_ads import post_of
from connectors.sandbox.world import LISTS, AdAccount, AdGroup, Fate, accounts_of
from tests.conftest import TRUST
from tests.connectors.running_sandbox import Sandbox
from tests.connectors.test_ads_contract import MARKER, wanted

CHANNELS = [channel for channel, connector in CONNECTORS.items() if hasattr(connector, "list_campaigns")]

pytestmark = pytest.mark.parametrize("channel", CHANNELS)

Listing = Callable[[ListsAds, str], Iterator[Listed]]
LISTINGS: Mapping[str, Listing] = {
    "campaigns": lambda channel, account: channel.list_campaigns(account),
    "ad_sets": lambda channel, account: channel.list_ad_sets(account),
    "ads": lambda channel, account: channel.list_ads(account),
}
STATUS = {
    Fate.SHOWN: Status.RUNNING,
    Fate.PAUSED: Status.PAUSED,
    Fate.IN_REVIEW: Status.IN_REVIEW,
    Fate.REFUSED: Status.REFUSED,
}
WHY = {
    Channel.GOOGLE_ADS: "DESTINATION_NOT_WORKING",
    Channel.META: "Ads must not promise what nobody can keep.",
    Channel.LINKEDIN: "MISLEADING_OR_FRAUDULENT",
    Channel.TIKTOK: "AD_STATUS_AUDIT_DENY",
    Channel.REDDIT: "BROKEN_URL",
}
# A campaign that is switched off, in the platform's word.
SWITCHED_OFF = {Channel.TIKTOK: "DISABLE"}


def opened(sandbox: Sandbox, channel: Channel, http: httpx.Client | None = None, **changed: str) -> ListsAds:
    connector = sandbox.connector(channel, http=http, **changed)
    assert isinstance(connector, ListsAds)
    return connector


def advertiser(sandbox: Sandbox, channel: Channel) -> ChangesAds:
    connector = sandbox.connector(channel)
    assert isinstance(connector, ChangesAds)
    return connector


def account_in(channel: Channel, currency: str = "EUR") -> AdAccount:
    return next(each for each in accounts_of(channel) if each.currency == currency)


def ad_groups_of(account: AdAccount) -> dict[str, AdGroup]:
    return {group.id: group for campaign in account.campaigns for group in campaign.ad_groups}


def everything(listing: ListsAds, account: str) -> list[Listed]:
    return [listed for each in LISTINGS.values() for listed in each(listing, account)]


def campaign(sandbox: Sandbox, channel: Channel, account: str, number: str) -> ListedCampaign:
    [found] = (each for each in opened(sandbox, channel).list_campaigns(account) if each.id == number)
    return found


def test_the_channel_says_that_it_can(channel: Channel) -> None:
    assert Capability.ADS in CONNECTORS[channel].capabilities


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_whatever_stands_is_listed_once_through_all_pages(
    sandbox: Sandbox, channel: Channel, currency: str
) -> None:
    account, listing = account_in(channel, currency), opened(sandbox, channel)
    ads, ad_sets = list(listing.list_ads(account.id)), list(listing.list_ad_sets(account.id))
    assert len(ads) > 2 * sandbox.page_rows
    assert sorted(each.id for each in ads) == sorted(
        ad.id for group in ad_groups_of(account).values() for ad in group.ads
    )
    assert sorted(each.id for each in ad_sets) == sorted(ad_groups_of(account))
    assert [each.id for each in listing.list_campaigns(account.id)] == [it.id for it in account.campaigns]


def test_ids_and_names_are_those_of_the_insights(sandbox: Sandbox, channel: Channel) -> None:
    account, listing = account_in(channel).id, opened(sandbox, channel)
    window = date(2026, 10, 1), date(2026, 10, 7)
    rows = list(sandbox.reader(channel).insights(account, *window, level=Level.AD))
    campaigns = {(each.id, each.name) for each in listing.list_campaigns(account)}
    ad_sets = {(each.campaign_id, each.id, each.name) for each in listing.list_ad_sets(account)}
    ads = {(each.campaign_id, each.ad_set_id, each.id, each.name) for each in listing.list_ads(account)}
    assert {(row.campaign_id, row.campaign_name) for row in rows} == campaigns
    assert {(row.campaign_id, row.ad_group_id, row.ad_group_name) for row in rows} == ad_sets
    assert {(row.campaign_id, row.ad_group_id, row.ad_id, row.ad_name) for row in rows} == ads


def test_an_ad_says_how_its_review_went(sandbox: Sandbox, channel: Channel) -> None:
    account = account_in(channel)
    listed = {each.id: each for each in opened(sandbox, channel).list_ads(account.id)}
    for ad in (ad for group in ad_groups_of(account).values() for ad in group.ads):
        assert listed[ad.id].status is STATUS[ad.fate]
        assert listed[ad.id].said
    refused = [each for each in listed.values() if each.status is Status.REFUSED]
    assert len(refused) == 1
    assert WHY[channel] in refused[0].why
    assert {each.why for each in listed.values() if each.status is Status.RUNNING} == {""}


def test_an_ad_says_what_it_shows(sandbox: Sandbox, channel: Channel) -> None:
    account = account_in(channel)
    known = {ad.id: ad for group in ad_groups_of(account).values() for ad in group.ads}
    for listed in opened(sandbox, channel).list_ads(account.id):
        ad = known[listed.id]
        assert listed.format
        if channel is Channel.LINKEDIN:  # it promotes a post, which has the words
            assert listed.creative_id == f"urn:li:share:7{ad.id}"
            continue
        if channel is Channel.REDDIT:  # so does it
            assert (listed.creative_id, listed.leads_to) == (post_of(ad), ad.leads_to)
            continue
        assert ad.headline in listed.headline
        assert ad.text in listed.text
        assert listed.leads_to == ad.leads_to


@pytest.mark.parametrize(("currency", "countries", "language"), [("EUR", ("DE", "AT"), "de"), ("JPY", ("JP",), "ja")])  # fmt: skip
def test_an_audience_is_told_in_words_that_all_channels_share(
    sandbox: Sandbox, channel: Channel, currency: str, countries: tuple[str, ...], language: str
) -> None:
    account = account_in(channel, currency)
    groups = ad_groups_of(account)
    for listed in opened(sandbox, channel).list_ad_sets(account.id):
        aim = groups[listed.id].aim
        told = listed.audience
        assert set(told.countries) == set(countries)
        assert told.languages == (language,)
        assert [city_of(channel, place) for place in told.places] == list(aim.cities)
        assert told.lists == named(channel, aim.lists)
        assert told.without == named(channel, aim.without)
        # Meta always has a youngest age, 18 where nothing else was chosen.
        everybody = (18, None) if channel is Channel.META else (None, None)
        assert (told.youngest, told.oldest) == (aim.ages or everybody)


def named(channel: Channel, lists: tuple[str, ...]) -> tuple[str, ...]:
    """LinkedIn, TikTok and Reddit name lists by number alone."""
    begins = {Channel.LINKEDIN: "urn:li:adSegment:", Channel.TIKTOK: "", Channel.REDDIT: ""}.get(channel)
    return lists if begins is None else tuple(f"{begins}{LISTS[it]}" for it in lists)


def city_of(channel: Channel, place: str) -> str:
    """Reddit's places are called by their country first."""
    return place.partition("-")[2] if channel is Channel.REDDIT else place.split(",")[0]


def test_placements_bids_and_strategies_are_told(sandbox: Sandbox, channel: Channel) -> None:
    account = account_in(channel)
    groups = ad_groups_of(account)
    listed = list(opened(sandbox, channel).list_ad_sets(account.id))
    for each in listed:
        assert each.bid_strategy
        assert each.highest_bid == Decimal(str(groups[each.id].highest_bid))
    chosen = {each.placements for each in listed if groups[each.id].placements_are_chosen}
    others = {each.placements for each in listed if not groups[each.id].placements_are_chosen}
    match channel:
        case Channel.GOOGLE_ADS:
            assert chosen == others == {("google_search", "search_network")}
        case Channel.META:
            assert chosen == {("facebook feed", "facebook story", "instagram stream", "audience_network")}
            assert others == {()}
        case Channel.TIKTOK:
            assert chosen == {("tiktok", "pangle")}
            assert others == {()}
        case Channel.REDDIT:
            assert chosen == {("FEED", "COMMENTS_PAGE")}
            assert others == {()}
        case _:
            assert chosen == {("linkedin",)}
            assert others == {("linkedin", "linkedin_audience_network")}


@pytest.mark.parametrize(("currency", "budget"), [("EUR", Decimal(40)), ("JPY", Decimal(6560))])
def test_money_is_in_the_accounts_own_currency(
    sandbox: Sandbox, channel: Channel, currency: str, budget: Decimal
) -> None:
    account, listing = account_in(channel, currency), opened(sandbox, channel)
    groups = ad_groups_of(account)
    campaigns, ad_sets = list(listing.list_campaigns(account.id)), list(listing.list_ad_sets(account.id))
    if channel is Channel.LINKEDIN:  # two share what a group spends
        assert {each.daily_budget for each in campaigns} == {None}
        assert {each.daily_budget for each in ad_sets} == {budget / 2}
    else:
        assert {each.daily_budget for each in campaigns} == {budget}
        assert {each.daily_budget for each in ad_sets} == {None}
    assert all(each.highest_bid == Decimal(str(groups[each.id].highest_bid)) for each in ad_sets)


@pytest.mark.parametrize(("currency", "budget"), [("EUR", Decimal("25.50")), ("JPY", Decimal(4000))])
def test_a_campaign_that_was_made_is_listed_paused_with_its_budget(
    sandbox: Sandbox, channel: Channel, currency: str, budget: Decimal
) -> None:
    account = account_in(channel, currency).id
    made = advertiser(sandbox, channel).create_campaign(account, wanted(channel, daily_budget=budget))
    listed = campaign(sandbox, channel, account, made.id)
    assert listed.name == f"Winter coats {mark(MARKER)}"
    said = SWITCHED_OFF.get(channel, "PAUSED")
    assert (listed.status, listed.said, listed.daily_budget) == (Status.PAUSED, said, budget)
    assert listed.objective
    if channel is Channel.LINKEDIN:
        [inside] = (
            each for each in opened(sandbox, channel).list_ad_sets(account) if each.campaign_id == made.id
        )
        assert (inside.daily_budget, inside.highest_bid) == (budget, Decimal(8))
        assert inside.audience == Audience(countries=("DE",))


def test_its_last_day_is_told_and_ends_it(sandbox: Sandbox, channel: Channel) -> None:
    account, last = account_in(channel).id, date(2026, 12, 24)
    if channel is Channel.TIKTOK:  # its ad groups have last days, and its campaigns none
        with pytest.raises(Invalid):
            advertiser(sandbox, channel).create_campaign(account, wanted(channel, until=last))
        return
    made = advertiser(sandbox, channel).create_campaign(account, wanted(channel, until=last)).id
    advertiser(sandbox, channel).run_campaign(account, made)
    before = campaign(sandbox, channel, account, made)
    assert (before.status, before.ends_on) == (Status.RUNNING, last)
    sandbox.now += timedelta(days=90)
    assert campaign(sandbox, channel, account, made).status is Status.ENDED


def test_what_is_changed_is_seen(sandbox: Sandbox, channel: Channel) -> None:
    account, ads = account_in(channel).id, advertiser(sandbox, channel)
    number = ads.create_campaign(account, wanted(channel)).id
    ads.run_campaign(account, number)
    assert campaign(sandbox, channel, account, number).status is Status.RUNNING
    ads.set_daily_budget(account, number, Decimal("31.07"))
    assert campaign(sandbox, channel, account, number).daily_budget == Decimal("31.07")
    ads.pause_campaign(account, number)
    assert campaign(sandbox, channel, account, number).status is Status.PAUSED


def test_what_stands_in_a_paused_campaign_keeps_its_own_status(sandbox: Sandbox, channel: Channel) -> None:
    account = account_in(channel)
    paused = account.campaigns[0].id
    advertiser(sandbox, channel).pause_campaign(account.id, paused)
    listing = opened(sandbox, channel)
    below = [
        *(each for each in listing.list_ad_sets(account.id) if each.campaign_id == paused),
        *(each for each in listing.list_ads(account.id) if each.campaign_id == paused),
    ]
    assert {each.status for each in below} == {Status.RUNNING}
    assert {type(each) for each in below} == {ListedAdSet, ListedAd}


def test_nothing_that_was_archived_is_listed(sandbox: Sandbox, channel: Channel) -> None:
    account = account_in(channel)
    archived = {
        *(each.id for each in account.gone),
        *(group.id for each in account.gone for group in each.ad_groups),
        *(ad.id for each in account.gone for group in each.ad_groups for ad in group.ads),
        *(ad.id for group in ad_groups_of(account).values() for ad in group.gone),
    }
    assert len(archived) >= 4
    assert archived.isdisjoint(each.id for each in everything(opened(sandbox, channel), account.id))


@pytest.mark.parametrize("what", LISTINGS)
@pytest.mark.parametrize("fault", ["rate_limited", "server_error", "truncated"])
def test_passing_trouble_does_not_change_the_result(
    sandbox: Sandbox, channel: Channel, fault: str, what: str
) -> None:
    account, listing = account_in(channel).id, opened(sandbox, channel)
    undisturbed = list(LISTINGS[what](listing, account))
    before = sandbox.requests(channel)
    sandbox.order(channel, fault, times=2)
    assert list(LISTINGS[what](listing, account)) == undisturbed
    assert sandbox.requests(channel) == 2 * before + 2


@pytest.mark.parametrize("what", LISTINGS)
@pytest.mark.parametrize(("fault", "error"), [("rate_limited", RateLimited), ("server_error", Transient)])
def test_trouble_that_stays_is_handed_on(
    sandbox: Sandbox, channel: Channel, what: str, fault: str, error: type[Exception]
) -> None:
    sandbox.order(channel, fault, times=50)
    with pytest.raises(error):
        list(LISTINGS[what](opened(sandbox, channel), account_in(channel).id))


def test_a_token_that_expires_between_two_requests_is_renewed_once(
    sandbox: Sandbox, channel: Channel
) -> None:
    account = account_in(channel).id
    undisturbed = list(opened(sandbox, channel).list_ad_sets(account))
    asked = [0]

    def hook(request: httpx.Request) -> None:
        asked[0] += not request.url.path.endswith("/token")
        if asked[0] == 3:
            asked[0] += 1
            sandbox.order(channel, "expired_token")

    with httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [hook]}) as http:
        listing = opened(sandbox, channel, http)
        if "refresh_token" not in CREDENTIALS[channel]:  # there is nothing to renew a token with
            with pytest.raises(AuthRevoked):
                list(listing.list_ad_sets(account))
            return
        assert list(listing.list_ad_sets(account)) == undisturbed
    assert len(sandbox.renewals) == 1


@pytest.mark.parametrize("what", LISTINGS)
def test_an_account_of_somebody_else_is_forbidden(sandbox: Sandbox, channel: Channel, what: str) -> None:
    with pytest.raises(Forbidden):
        list(LISTINGS[what](opened(sandbox, channel), "9999999999"))


@pytest.mark.parametrize("what", LISTINGS)
@pytest.mark.parametrize("account", ["", "../555", "1 or 1", "act_", "１２３", "1" * 40])
def test_an_account_that_is_no_number_is_never_asked_for(
    sandbox: Sandbox, channel: Channel, what: str, account: str
) -> None:
    with pytest.raises(Invalid) as invalid:
        list(LISTINGS[what](opened(sandbox, channel), account))
    assert invalid.value.field == "account"
    assert sandbox.requests(channel) == 0


def test_requests_grow_with_the_pages_and_not_with_what_is_on_them(
    sandbox: Sandbox, channel: Channel
) -> None:
    """Of five rows each: a dozen ads are three pages, and whom six ad groups are for is told by all of it at once."""
    account, listing, counted = account_in(channel).id, opened(sandbox, channel), [0]
    for listing_of in LISTINGS.values():
        list(listing_of(listing, account))
        counted.append(sandbox.requests(channel))
    campaigns, ad_sets, ads = (after - before for before, after in pairwise(counted))
    assert campaigns <= 4
    assert ad_sets <= 10
    assert 3 <= ads <= 6
