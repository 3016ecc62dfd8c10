"""What every channel with insights must do, whoever answers: each scenario over HTTP against the sandbox."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from connectors import channels_with, insights_reader
from connectors.errors import (
    AuthExpired,
    AuthRevoked,
    ChannelError,
    Forbidden,
    Invalid,
    RateLimited,
    Sunset,
    Transient,
)
from connectors.face import Capability, Channel, Endpoint, InsightRow, Level, ReadsInsights, Wire
from connectors.sandbox import CREDENTIALS
from connectors.sandbox.world import accounts_of
from tests.connectors.running_sandbox import Sandbox

SINCE, UNTIL = date(2026, 10, 1), date(2026, 10, 14)
# Who has been told to slow down: mostly an account, and LinkedIn does not say.
SLOWED_DOWN = {Channel.LINKEDIN: "unknown", Channel.TIKTOK: "app", Channel.REDDIT: "user"}

pytestmark = pytest.mark.parametrize("channel", channels_with(Capability.INSIGHTS))


def made_up(channel: Channel) -> dict[str, str]:
    """Tokens that nobody gave: some providers tell one that has expired no otherwise than one that never was."""
    tokens = ("ads_token",) if channel is Channel.X else ("access_token", "refresh_token")
    return {name: "made-up-token" for name in tokens if name in CREDENTIALS[channel]}


def first_account(channel: Channel) -> str:
    return accounts_of(channel)[0].id


def read(
    reader: ReadsInsights, account: str, since: date = SINCE, until: date = UNTIL, level: Level = Level.AD
) -> list[InsightRow]:
    return list(reader.insights(account, since, until, level))


def summed(rows: Iterable[InsightRow], currency: str) -> dict[str, Decimal]:
    counted = [row for row in rows if row.currency == currency]
    return {
        name: sum((Decimal(getattr(row, name)) for row in counted), Decimal(0))
        for name in (
            "impressions",
            "clicks",
            "spend_micros",
            "conversions",
            "conversions_value_micros",
            "view_through_conversions",
        )
    }


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_sums_are_the_sandboxs_own_totals_at_every_level(
    sandbox: Sandbox, channel: Channel, level: Level, currency: str
):
    account = next(account for account in accounts_of(channel) if account.currency == currency)
    rows = read(sandbox.reader(channel), account.id, level=level)
    totals = sandbox.totals(channel, account.id, SINCE, UNTIL)
    sums = summed(rows, currency)
    assert sums == {name: totals[name] for name in sums}
    assert sums["conversions"] > 0
    assert {row.level for row in rows} == {level}
    assert len({row.key for row in rows}) == len(rows)


def test_a_row_says_whose_day_it_is(sandbox: Sandbox, channel: Channel):
    account = accounts_of(channel)[0]
    campaigns = {campaign.id: campaign for campaign in account.campaigns}
    for row in read(sandbox.reader(channel), account.id):
        campaign = campaigns[row.campaign_id]
        ad_group = next(group for group in campaign.ad_groups if group.id == row.ad_group_id)
        assert row.campaign_name == campaign.name
        assert row.ad_group_name == ad_group.name
        assert row.ad_name in {ad.name for ad in ad_group.ads}
        assert (row.account_id, row.account_name, row.account_timezone) == (
            account.id,
            account.name,
            account.time_zone,
        )
        assert row.platform == sandbox.reader(channel).platform
        assert SINCE <= row.date_day <= UNTIL
        assert isinstance(json.loads(row.raw), dict)


def test_several_pages_are_read_to_the_end(sandbox: Sandbox, channel: Channel):
    rows = read(sandbox.reader(channel), first_account(channel))
    assert len(rows) > 3 * sandbox.page_rows
    assert len({row.key for row in rows}) == len(rows)
    assert all(row.campaign_name and row.ad_group_name and row.ad_name for row in rows)


def test_a_window_in_the_future_is_empty(sandbox: Sandbox, channel: Channel):
    tomorrow = sandbox.now.date() + timedelta(days=2)
    assert read(sandbox.reader(channel), first_account(channel), tomorrow, tomorrow) == []


def test_entities_without_activity_are_absent(sandbox: Sandbox, channel: Channel):
    rows = read(sandbox.reader(channel), first_account(channel))
    assert all(row.impressions > 0 for row in rows)
    assert len(rows) < 12 * 14


def test_the_same_question_gets_the_same_hash(sandbox: Sandbox, channel: Channel):
    first, second = (read(sandbox.reader(channel), first_account(channel)) for _ in range(2))
    assert [row.raw_hash for row in first] == [row.raw_hash for row in second]


def test_conversions_of_recent_days_grow_and_are_final_in_the_end(sandbox: Sandbox, channel: Channel):
    yesterday = sandbox.now.date() - timedelta(days=1)
    since = yesterday - timedelta(days=2)
    account = first_account(channel)

    def conversions() -> tuple[Decimal, int, bool]:
        rows = read(sandbox.reader(channel), account, since, yesterday)
        return (
            sum((row.conversions for row in rows), Decimal(0)),
            sum(row.spend_micros for row in rows),
            all(row.is_final for row in rows),
        )

    at_first, spend, final = conversions()
    assert not final
    sandbox.now += timedelta(days=20)
    later, spend_later, final = conversions()
    assert later > at_first
    assert spend_later == spend
    assert not final
    sandbox.now += timedelta(days=11)
    in_the_end, _, final = conversions()
    assert in_the_end == later
    assert final


def test_a_day_belongs_to_the_accounts_time_zone(sandbox: Sandbox, channel: Channel):
    sandbox.now = datetime(2026, 10, 14, 20, tzinfo=UTC)  # 22:00 in Berlin, 5:00 of the next day in Tokyo
    berlin, tokyo = (
        next(account.id for account in accounts_of(channel) if account.currency == currency)
        for currency in ("EUR", "JPY")
    )
    in_tokyo = date(2026, 10, 15)
    assert read(sandbox.reader(channel), berlin, in_tokyo, in_tokyo) == []
    begun = channel is not Channel.LINKEDIN  # LinkedIn's day is the same one everywhere
    assert bool(read(sandbox.reader(channel), tokyo, in_tokyo, in_tokyo)) == begun


def test_a_day_with_a_change_of_clocks_is_one_day(sandbox: Sandbox, channel: Channel):
    sandbox.now = datetime(2026, 10, 27, 12, tzinfo=UTC)
    rows = read(sandbox.reader(channel), first_account(channel), date(2026, 10, 24), date(2026, 10, 26))
    assert {row.date_day for row in rows} == {date(2026, 10, 24), date(2026, 10, 25), date(2026, 10, 26)}


def test_a_rate_limit_with_a_hint_is_waited_out(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "rate_limited", times=2, hint_seconds=60)
    assert read(sandbox.reader(channel), first_account(channel))
    assert len(sandbox.waits) == 2
    assert all(60 <= wait <= 61 for wait in sandbox.waits)


def test_a_rate_limit_without_a_hint_backs_off(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "rate_limited", times=3)
    assert read(sandbox.reader(channel), first_account(channel))
    assert sandbox.waits == [0.5, 1.0, 2.0]


def test_a_hint_beyond_patience_is_handed_on(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "rate_limited", hint_seconds=3600)
    with pytest.raises(RateLimited) as limited:
        read(sandbox.reader(channel), first_account(channel))
    assert limited.value.retry_after == 3600
    assert limited.value.scope == SLOWED_DOWN.get(channel, "account")
    assert sandbox.waits == []


def test_a_rate_limit_that_stays_is_handed_on(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "rate_limited", times=50)
    with pytest.raises(RateLimited):
        read(sandbox.reader(channel), first_account(channel))
    assert sandbox.requests(channel) == 5


@pytest.mark.parametrize("fault", ["server_error", "truncated"])
def test_passing_trouble_does_not_change_the_result(sandbox: Sandbox, channel: Channel, fault: str):
    undisturbed = read(sandbox.reader(channel), first_account(channel))
    before = sandbox.requests(channel)
    sandbox.order(channel, fault, times=2)
    assert read(sandbox.reader(channel), first_account(channel)) == undisturbed
    assert sandbox.requests(channel) == 2 * before + 2


def test_trouble_that_stays_is_handed_on(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "server_error", times=50)
    with pytest.raises(Transient):
        read(sandbox.reader(channel), first_account(channel))


def test_trouble_between_pages_neither_loses_nor_doubles_a_row(sandbox: Sandbox, channel: Channel):
    undisturbed = read(sandbox.reader(channel), first_account(channel))
    rows = sandbox.reader(channel).insights(first_account(channel), SINCE, UNTIL)
    begun = [next(rows)]
    sandbox.order(channel, "truncated", times=1)
    assert begun + list(rows) == undisturbed


def test_an_answer_that_does_not_come_in_time_is_asked_for_again(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "slow", delay_seconds=1.5)
    with httpx.Client(timeout=httpx.Timeout(5, read=0.4)) as hasty:
        assert read(sandbox.reader(channel, http=hasty), first_account(channel))
    assert len(sandbox.waits) == 1


def test_a_server_that_is_away_is_transient(sandbox: Sandbox, channel: Channel):
    sandbox.address = "http://127.0.0.1:1"
    with pytest.raises(Transient):
        read(sandbox.reader(channel), first_account(channel))


def test_an_expired_token_is_renewed_once_or_needs_a_person(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "expired_token")
    reader = sandbox.reader(channel)
    if (
        "refresh_token" not in CREDENTIALS[channel] or channel is Channel.X
    ):  # nothing renews a token with which ads are read
        with pytest.raises(AuthRevoked):
            read(reader, first_account(channel))
        return
    assert read(reader, first_account(channel))
    assert len(sandbox.renewals) == 1
    assert read(reader, first_account(channel))
    assert len(sandbox.renewals) == 1


def test_a_token_that_expires_again_at_once_is_not_renewed_for_ever(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "expired_token", times=50)
    with pytest.raises((AuthExpired, AuthRevoked)):
        read(sandbox.reader(channel), first_account(channel))
    assert sandbox.requests(channel) <= 2


def test_a_wrong_token_asks_for_a_reconnect(sandbox: Sandbox, channel: Channel):
    with pytest.raises(AuthRevoked) as revoked:
        read(sandbox.reader(channel, http=None, **made_up(channel)), first_account(channel))
    assert "connect the account again" in str(revoked.value)
    assert "made-up-token" not in repr(revoked.value)
    assert sandbox.requests(channel) == 1


def test_an_account_of_somebody_else_is_forbidden_and_the_next_one_still_answers(
    sandbox: Sandbox, channel: Channel
):
    reader = sandbox.reader(channel)
    with pytest.raises(Forbidden):
        read(reader, "9999999999")
    assert read(reader, first_account(channel))


@pytest.mark.parametrize("account", ["", "../555", "1 or 1", "act_", "１２３", "1" * 40])
def test_an_account_that_is_no_number_is_never_asked_for(sandbox: Sandbox, channel: Channel, account: str):
    with pytest.raises(Invalid) as invalid:
        read(sandbox.reader(channel), account)
    assert invalid.value.field == "account"
    assert sandbox.requests(channel) == 0


def test_a_window_that_ends_before_it_starts_is_refused(sandbox: Sandbox, channel: Channel):
    with pytest.raises(Invalid) as invalid:
        read(sandbox.reader(channel), first_account(channel), UNTIL, SINCE)
    assert invalid.value.field == "since"


def test_credentials_that_do_not_fit_are_refused_without_being_repeated(channel: Channel, sandbox: Sandbox):
    with pytest.raises(Invalid) as invalid:
        sandbox.reader(channel, access_token=["very-secret"])  # type: ignore[arg-type]
    assert invalid.value.field == "access_token"
    assert "very-secret" not in str(invalid.value)


def test_every_error_says_what_where_and_what_to_do(sandbox: Sandbox, channel: Channel):
    sandbox.order(channel, "server_error", times=50)
    with pytest.raises(ChannelError) as error:
        read(sandbox.reader(channel), first_account(channel))
    said = str(error.value)
    assert error.value.what in said or error.value.what.rstrip(".") in said
    assert error.value.where in said
    assert error.value.remedy in said


def test_a_version_that_is_gone_is_not_tried_again(sandbox: Sandbox, channel: Channel):
    wire = Wire(http=sandbox.http, endpoint=Endpoint(f"{sandbox.address}/{channel}", "v1"))
    with pytest.raises(Sunset):
        read(insights_reader(channel, CREDENTIALS[channel], wire), first_account(channel))
