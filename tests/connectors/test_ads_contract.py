"""What every channel whose advertising can be changed owes its caller, over HTTP against the sandbox."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors import CONNECTORS
from connectors.advertising import CampaignNow, ChangesAds, NewCampaign, mark
from connectors.errors import AuthRevoked, Forbidden, Invalid, RateLimited, Transient, UnknownOutcome
from connectors.face import Capability, Channel
from connectors.sandbox import CREDENTIALS
from connectors.sandbox.world import accounts_of
from tests.conftest import TRUST
from tests.connectors.running_sandbox import Sandbox

CHANNELS = [channel for channel, connector in CONNECTORS.items() if hasattr(connector, "create_campaign")]

pytestmark = pytest.mark.parametrize("channel", CHANNELS)

MARKER = "7f3a2c9e01"
# What every channel can be told, or must be.
WANTED = NewCampaign(name="Winter coats", marker=MARKER, daily_budget=Decimal("25.50"))
TARGETED: Mapping[Channel, dict[str, Any]] = {
    Channel.LINKEDIN: {"countries": ("DE",), "language": "de", "highest_bid": Decimal("8.00")},
}


def wanted(channel: Channel, **changed: Any) -> NewCampaign:
    return replace(WANTED, **{**TARGETED.get(channel, {}), **changed})


def advertiser(
    sandbox: Sandbox, channel: Channel, http: httpx.Client | None = None, **changed: str
) -> ChangesAds:
    opened = sandbox.connector(channel, http=http, **changed)
    assert isinstance(opened, ChangesAds)
    return opened


def account_in(channel: Channel, currency: str) -> str:
    return next(each.id for each in accounts_of(channel) if each.currency == currency)


def made(sandbox: Sandbox, channel: Channel) -> list[dict[str, object]]:
    return [each for each in sandbox.accepted(channel) if each["kind"] == "create"]


def test_the_channel_says_that_it_can(channel: Channel) -> None:
    assert Capability.ADS in CONNECTORS[channel].capabilities


@pytest.mark.parametrize(("currency", "budget"), [("EUR", Decimal("25.50")), ("JPY", Decimal(4000))])
def test_a_campaign_is_made_paused_with_its_budget_and_its_marker(
    sandbox: Sandbox, channel: Channel, currency: str, budget: Decimal
) -> None:
    account = account_in(channel, currency)
    told = wanted(channel, daily_budget=budget)
    now = advertiser(sandbox, channel).create_campaign(account, told)
    assert now == CampaignNow(
        id=now.id,
        name=f"Winter coats {mark(MARKER)}",
        is_running=False,
        daily_budget=budget,
        currency=currency,
    )
    [kept] = made(sandbox, channel)
    assert (kept["account"], kept["name"], kept["is_running"]) == (account, now.name, False)
    assert kept["budget_micros"] == int(budget * 1_000_000)
    assert advertiser(sandbox, channel).campaign(account, now.id) == now


def test_a_last_day_is_told_or_refused_never_forgotten(sandbox: Sandbox, channel: Channel) -> None:
    account, last = account_in(channel, "EUR"), date(2026, 12, 24)
    try:
        advertiser(sandbox, channel).create_campaign(account, wanted(channel, until=last))
    except Invalid:
        assert made(sandbox, channel) == []
    else:
        assert [each["until"] for each in made(sandbox, channel)] == [last.isoformat()]


def test_it_is_made_once_however_often_it_is_asked_for(sandbox: Sandbox, channel: Channel) -> None:
    account = account_in(channel, "EUR")
    first = advertiser(sandbox, channel).create_campaign(account, wanted(channel))
    again = advertiser(sandbox, channel).create_campaign(account, wanted(channel))
    assert again == first
    assert len(made(sandbox, channel)) == 1


def test_it_is_found_by_its_marker_and_nothing_else_is(sandbox: Sandbox, channel: Channel) -> None:
    account, ads = account_in(channel, "EUR"), advertiser(sandbox, channel)
    assert ads.campaign_made_with(account, MARKER) is None
    now = ads.create_campaign(account, wanted(channel))
    assert ads.campaign_made_with(account, MARKER) == now
    assert ads.campaign_made_with(account, "000000") is None
    assert ads.campaign_made_with(account_in(channel, "JPY"), MARKER) is None


def test_a_lost_answer_is_an_unknown_outcome_and_looking_settles_it(
    sandbox: Sandbox, channel: Channel
) -> None:
    """Whichever of the requests that change something loses its answer, nothing is made twice."""
    account = account_in(channel, "EUR")
    sent = 0
    while sent < 6:
        with httpx.Client(
            timeout=10, verify=TRUST, event_hooks={"request": [lose_write(sandbox, channel, sent)]}
        ) as http:
            try:
                advertiser(sandbox, channel, http).create_campaign(
                    account, wanted(channel, marker=f"{MARKER}{sent}")
                )
                break
            except UnknownOutcome:
                pass
        found = advertiser(sandbox, channel).campaign_made_with(account, f"{MARKER}{sent}")
        whole = advertiser(sandbox, channel).create_campaign(
            account, wanted(channel, marker=f"{MARKER}{sent}")
        )
        assert found in (None, whole)
        assert len([each for each in made(sandbox, channel) if each["id"] == whole.id]) == 1
        sent += 1
    assert sent >= 1, "at least one request changes something"


def lose_write(sandbox: Sandbox, channel: Channel, number: int):
    """Orders the answer to the n-th request that changes something to be lost."""
    counted = [0]

    def hook(request: httpx.Request) -> None:
        if not changes_something(request) or "_sandbox" in request.url.path:
            return
        if counted[0] == number:
            sandbox.order(channel, "accepted_then_silent")
        counted[0] += 1

    return hook


def changes_something(request: httpx.Request) -> bool:
    if request.method == "GET" or request.headers.get("x-http-method-override") == "GET":
        return False
    return not request.url.path.endswith(("/token", "googleAds:search", "googleAds:searchStream"))


def test_running_pausing_and_budgets_are_as_they_were_told(sandbox: Sandbox, channel: Channel) -> None:
    account, ads = account_in(channel, "EUR"), advertiser(sandbox, channel)
    number = ads.create_campaign(account, wanted(channel)).id
    ads.run_campaign(account, number)
    assert ads.campaign(account, number).is_running
    ads.set_daily_budget(account, number, Decimal("31.07"))
    assert ads.campaign(account, number).daily_budget == Decimal("31.07")
    ads.pause_campaign(account, number)
    assert not ads.campaign(account, number).is_running
    kinds = [each["kind"] for each in sandbox.accepted(channel) if each["id"] == number]
    assert kinds == ["create", "run", "budget", "pause"]


def test_a_campaign_that_is_not_there_is_invalid(sandbox: Sandbox, channel: Channel) -> None:
    account, ads = account_in(channel, "EUR"), advertiser(sandbox, channel)
    for change in (
        lambda: ads.campaign(account, "12345"),
        lambda: ads.pause_campaign(account, "12345"),
        lambda: ads.run_campaign(account, "12345"),
        lambda: ads.set_daily_budget(account, "12345", Decimal(10)),
    ):
        with pytest.raises(Invalid):
            change()
    assert sandbox.accepted(channel) == []


@pytest.mark.parametrize("number", ["", "1/2", "../1", "1 OR 1=1", "9" * 40, "x"])
def test_what_is_no_number_is_sent_nowhere(sandbox: Sandbox, channel: Channel, number: str) -> None:
    ads = advertiser(sandbox, channel)
    for change in (
        lambda: ads.pause_campaign(account_in(channel, "EUR"), number),
        lambda: ads.pause_campaign(number, "12345"),
    ):
        with pytest.raises(Invalid):
            change()
    assert sandbox.requests(channel) == 0


@pytest.mark.parametrize("trouble", ["rate_limited", "server_error"])
def test_what_changes_something_is_sent_once_into_trouble(
    sandbox: Sandbox, channel: Channel, trouble: str
) -> None:
    """A refusal for now is told; a breakdown may hide that it was taken."""
    account = account_in(channel, "EUR")
    number = advertiser(sandbox, channel).create_campaign(account, wanted(channel)).id
    troubled = [False]

    def hook(request: httpx.Request) -> None:
        if changes_something(request) and not troubled[0]:
            troubled[0] = True
            sandbox.order(channel, trouble, times=20)

    with (
        httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [hook]}) as http,
        pytest.raises((RateLimited, Transient, UnknownOutcome)),
    ):
        advertiser(sandbox, channel, http).run_campaign(account, number)
    left = sandbox.http.get(f"{sandbox.address}/_sandbox/faults")
    assert left.json()[channel] == 19, "one request met the trouble"
    assert sandbox.waits == []


def test_an_expired_token_is_renewed_and_the_change_is_made_once(sandbox: Sandbox, channel: Channel) -> None:
    if "refresh_token" not in CREDENTIALS[channel] or channel is Channel.X:  # whose refreshes posts alone
        sandbox.order(channel, "expired_token")
        with pytest.raises(AuthRevoked):
            advertiser(sandbox, channel).pause_campaign(account_in(channel, "EUR"), first_campaign(channel))
        return
    account = account_in(channel, "EUR")
    hooked = [False]

    def hook(request: httpx.Request) -> None:
        if changes_something(request) and not hooked[0]:
            hooked[0] = True
            sandbox.order(channel, "expired_token")

    with httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [hook]}) as http:
        advertiser(sandbox, channel, http).pause_campaign(account, first_campaign(channel))
    assert [each["kind"] for each in sandbox.accepted(channel)] == ["pause"]
    assert len(sandbox.renewals) == 1


def first_campaign(channel: Channel) -> str:
    return next(each for each in accounts_of(channel) if each.currency == "EUR").campaigns[0].id


def test_an_account_of_somebody_else_is_forbidden(sandbox: Sandbox, channel: Channel) -> None:
    with pytest.raises((Forbidden, Invalid)):
        advertiser(sandbox, channel).create_campaign("999888777", wanted(channel))
    assert sandbox.accepted(channel) == []
