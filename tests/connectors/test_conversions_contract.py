"""What every channel that takes conversions owes its caller, over HTTP against the sandbox."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import httpx
import pytest

from connectors import CONNECTORS, channels_with
from connectors.conversions import (
    ActionSource,
    ConsentStatus,
    Conversion,
    Reported,
    TakesConversions,
)
from connectors.errors import AuthRevoked, Forbidden, Invalid, RateLimited, Transient, UnknownOutcome
from connectors.face import Capability, Channel
from connectors.sandbox import CREDENTIALS
from connectors.sandbox.google_ads_conversions import gclid
from connectors.sandbox.world import accounts_of
from tests.conftest import TRUST
from tests.connectors.orders import BOUGHT, CLICKED, ORDER
from tests.connectors.running_sandbox import NOON, Sandbox

CHANNELS = [channel for channel, connector in CONNECTORS.items() if hasattr(connector, "report_conversions")]

pytestmark = pytest.mark.parametrize("channel", CHANNELS)


def many(count: int) -> list[Conversion]:
    return [
        replace(ORDER, id=f"order-{number}", gclid=gclid(CLICKED, f"a{number}")) for number in range(count)
    ]


def teller(
    sandbox: Sandbox, channel: Channel, http: httpx.Client | None = None, **changed: str
) -> TakesConversions:
    opened = sandbox.connector(channel, http=http, **changed)
    assert isinstance(opened, TakesConversions)
    return opened


def account_of(channel: Channel, currency: str = "EUR") -> str:
    return next(each.id for each in accounts_of(channel) if each.currency == currency)


def target_of(sandbox: Sandbox, channel: Channel, currency: str = "EUR") -> str:
    return teller(sandbox, channel).conversion_targets(account_of(channel, currency))[0].id


def report(
    sandbox: Sandbox, channel: Channel, conversions: Sequence[Conversion], http: httpx.Client | None = None
) -> Reported:
    target = target_of(sandbox, channel)
    return teller(sandbox, channel, http).report_conversions(account_of(channel), target, conversions)


def kept(sandbox: Sandbox, channel: Channel) -> list[dict[str, object]]:
    return [each for each in sandbox.accepted(channel) if each["kind"] == "conversion"]


def is_a_report(request: httpx.Request) -> bool:
    return request.url.path.endswith((":uploadClickConversions", "/events"))


@contextmanager
def meeting(sandbox: Sandbox, channel: Channel, trouble: str, times: int = 1) -> Iterator[httpx.Client]:
    """A client whose first report meets the trouble."""
    met = [False]

    def hook(request: httpx.Request) -> None:
        if is_a_report(request) and not met[0]:
            met[0] = True
            sandbox.order(channel, trouble, times=times)

    with httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [hook]}) as http:
        yield http


def test_the_channel_says_that_it_can(channel: Channel) -> None:
    assert Capability.CONVERSIONS in CONNECTORS[channel].capabilities
    assert channel in channels_with(Capability.CONVERSIONS)


def test_its_targets_are_those_that_can_be_told(sandbox: Sandbox, channel: Channel) -> None:
    for account in accounts_of(channel):
        found = teller(sandbox, channel).conversion_targets(account.id)
        assert len({each.id for each in found}) == len(found) >= 2
        assert all(account.id in each.id and each.name for each in found)
        assert found[0].is_open


@pytest.mark.parametrize(
    ("currency", "micros", "value"),
    [("EUR", 25_500_000, "25.5"), ("EUR", 70_000, "0.07"), ("EUR", 0, "0"), ("JPY", 1_500_000_000, "1500")],
)
def test_it_is_taken_once_with_its_value_to_the_coin(
    sandbox: Sandbox, channel: Channel, currency: str, micros: int, value: str
) -> None:
    bodies: list[bytes] = []
    told = replace(ORDER, value_micros=micros, currency=currency)
    target = target_of(sandbox, channel, currency)
    with httpx.Client(
        timeout=10, verify=TRUST, event_hooks={"request": [lambda asked: bodies.append(asked.read())]}
    ) as http:
        said = teller(sandbox, channel, http).report_conversions(
            account_of(channel, currency), target, [told]
        )
    assert said == Reported(accepted=1)
    [found] = kept(sandbox, channel)
    assert (found["id"], found["target"]) == ("order-1001", target)
    assert (found["value"], found["currency"]) == (value, currency)
    assert len(bodies) == 1
    digits = httpx.QueryParams(bodies[0].decode()).get("data", bodies[0].decode())
    assert f'alue":{value},' in digits, "a number, and in these very digits"


def test_money_beyond_what_a_binary_fraction_holds_arrives_whole(sandbox: Sandbox, channel: Channel) -> None:
    report(sandbox, channel, [replace(ORDER, value_micros=9_007_199_254_740_990_000)])
    assert kept(sandbox, channel)[0]["value"] == "9007199254740.99"


def test_what_is_worth_nothing_has_no_value(sandbox: Sandbox, channel: Channel) -> None:
    report(sandbox, channel, [replace(ORDER, name="Lead", value_micros=None, currency="")])
    [found] = kept(sandbox, channel)
    assert (found["value"], found["currency"]) == (None, "")


def test_the_time_is_the_same_moment_wherever_it_was_told(sandbox: Sandbox, channel: Channel) -> None:
    report(sandbox, channel, [replace(ORDER, at=BOUGHT.astimezone(ZoneInfo("Asia/Tokyo")))])
    assert kept(sandbox, channel)[0]["at"] in ("2026-10-15 09:00:00+00:00", int(BOUGHT.timestamp()))


@pytest.mark.parametrize("source", list(ActionSource))
def test_a_lost_answer_is_an_unknown_outcome_and_a_copy_counts_as_it_was_promised(
    sandbox: Sandbox, channel: Channel, source: ActionSource
) -> None:
    told = replace(ORDER, action_source=source)
    with (
        meeting(sandbox, channel, "accepted_then_silent") as http,
        pytest.raises(UnknownOutcome),
    ):
        report(sandbox, channel, [told], http)
    assert len(kept(sandbox, channel)) == 1
    said = report(sandbox, channel, [told])
    assert (len(kept(sandbox, channel)) == 1) == teller(sandbox, channel).repeat_is_harmless(told)
    assert said.accepted + len(said.refused) == 1


@pytest.mark.parametrize("trouble", ["rate_limited", "server_error", "truncated"])
def test_it_is_sent_once_into_trouble(sandbox: Sandbox, channel: Channel, trouble: str) -> None:
    with (
        meeting(sandbox, channel, trouble, times=20) as http,
        pytest.raises((RateLimited, Transient, UnknownOutcome)) as told,
    ):
        report(sandbox, channel, [ORDER], http)
    left = sandbox.http.get(f"{sandbox.address}/_sandbox/faults").json()[channel]
    assert left == 19, "one request met the trouble"
    assert sandbox.waits == []
    assert isinstance(told.value, RateLimited) == (trouble == "rate_limited")
    assert bool(kept(sandbox, channel)) == (trouble == "truncated")


def test_an_expired_token_is_renewed_and_the_conversion_is_told_once(
    sandbox: Sandbox, channel: Channel
) -> None:
    with meeting(sandbox, channel, "expired_token") as http:
        if "refresh_token" in CREDENTIALS[channel]:
            report(sandbox, channel, [ORDER], http)
            assert len(sandbox.renewals) == len(kept(sandbox, channel)) == 1
        else:
            with pytest.raises(AuthRevoked):
                report(sandbox, channel, [ORDER], http)
            assert kept(sandbox, channel) == []


def test_a_revoked_token_tells_nothing_and_is_not_repeated(sandbox: Sandbox, channel: Channel) -> None:
    target = target_of(sandbox, channel)
    opened = teller(sandbox, channel, access_token="made-up-token")
    with pytest.raises(AuthRevoked) as revoked:
        opened.report_conversions(account_of(channel), target, [ORDER])
    assert "made-up-token" not in repr(revoked.value)
    assert kept(sandbox, channel) == []


def test_no_consent_touches_no_wire(sandbox: Sandbox, channel: Channel) -> None:
    denied = replace(ORDER, ad_user_data=ConsentStatus.DENIED)
    target = target_of(sandbox, channel)
    before = sandbox.requests(channel)
    opened = teller(sandbox, channel)
    for tell in (opened.report_conversions, opened.check_conversions):
        with pytest.raises(Invalid) as refused:
            tell(account_of(channel), target, [replace(ORDER, id="first"), denied])
        assert refused.value.field == "conversions[1].ad_user_data"
    assert sandbox.requests(channel) == before


@pytest.mark.parametrize("at", [NOON + timedelta(seconds=1), NOON - timedelta(days=91)])
def test_what_is_still_to_come_or_long_over_goes_nowhere(
    sandbox: Sandbox, channel: Channel, at: datetime
) -> None:
    target = target_of(sandbox, channel)
    before = sandbox.requests(channel)
    told = replace(ORDER, at=at, clicked_at=at - timedelta(hours=1))
    with pytest.raises(Invalid) as refused:
        teller(sandbox, channel).report_conversions(account_of(channel), target, [told])
    assert refused.value.field == "conversions[0].at"
    assert sandbox.requests(channel) == before


def test_the_oldest_that_it_takes_is_taken(sandbox: Sandbox, channel: Channel) -> None:
    oldest = NOON - teller(sandbox, channel).oldest_conversion
    told = replace(ORDER, at=oldest, clicked_at=oldest, gclid=gclid(oldest, "old"))
    teller(sandbox, channel).require_reportable(told)
    assert report(sandbox, channel, [told]) == Reported(accepted=1)
    with pytest.raises(Invalid):
        teller(sandbox, channel).require_reportable(
            replace(told, at=oldest - timedelta(seconds=1), clicked_at=None)
        )


def test_as_many_as_it_takes_go_at_once_and_no_more(sandbox: Sandbox, channel: Channel) -> None:
    most = teller(sandbox, channel).most_conversions
    target = target_of(sandbox, channel)
    before = sandbox.requests(channel)
    assert report(sandbox, channel, many(most)).accepted == len(kept(sandbox, channel)) == most
    assert sandbox.requests(channel) == before + 2, "one that asks for the target, one that tells"
    for count in (0, most + 1):
        with pytest.raises(Invalid) as refused:
            teller(sandbox, channel).report_conversions(account_of(channel), target, many(count))
        assert refused.value.field == "conversions"
    assert len(kept(sandbox, channel)) == most


def test_two_under_one_id_go_nowhere(sandbox: Sandbox, channel: Channel) -> None:
    with pytest.raises(Invalid) as refused:
        report(sandbox, channel, [ORDER, replace(ORDER, id="other"), ORDER])
    assert refused.value.field == "conversions[2].id"
    assert kept(sandbox, channel) == []


def test_checking_counts_nothing(sandbox: Sandbox, channel: Channel) -> None:
    target = target_of(sandbox, channel)
    checked = teller(sandbox, channel).check_conversions(account_of(channel), target, many(3))
    assert checked == Reported(accepted=3)
    assert kept(sandbox, channel) == []
    assert report(sandbox, channel, many(3)) == Reported(accepted=3)


@pytest.mark.parametrize(
    "named", ["", "1/2", "../1", "1?x=y", "12\n", "customers/1/conversionActions/2/3", "9" * 40]
)
def test_a_target_that_is_none_is_sent_nowhere(sandbox: Sandbox, channel: Channel, named: str) -> None:
    opened = teller(sandbox, channel)
    for account, target in ((account_of(channel), named), (named, "71001")):
        for tell in (opened.report_conversions, opened.check_conversions):
            with pytest.raises(Invalid):
                tell(account, target, [ORDER])
    assert sandbox.requests(channel) == 0


def test_an_account_or_a_target_of_somebody_else_is_refused(sandbox: Sandbox, channel: Channel) -> None:
    strange = {Channel.META: "999888777"}.get(channel, "customers/1/conversionActions/999888777")
    opened = teller(sandbox, channel)
    with pytest.raises((Forbidden, Invalid)):
        opened.conversion_targets("999888777")
    try:
        said = opened.report_conversions(account_of(channel), strange, [ORDER])
    except (Forbidden, Invalid):
        said = Reported(0)
    assert said.accepted == 0
    assert kept(sandbox, channel) == []


def test_what_is_odd_but_honest_arrives_as_it_is(sandbox: Sandbox, channel: Channel) -> None:
    told = replace(
        ORDER,
        id='#1001/"a"\\&=%41<b>',
        source_url='https://shop.example/a?b="c"&d=%0A\\#e',
        user_agent='Mozilla "x" \\ & = %41',
        action_source=ActionSource.WEBSITE,
    )
    report(sandbox, channel, [told])
    [found] = kept(sandbox, channel)
    assert found["id"] == told.id
    assert found.get("source_url", told.source_url) == told.source_url
    assert found.get("user_agent", told.user_agent) == told.user_agent
