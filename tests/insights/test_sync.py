"""Sync: the stored days are what the platform says today, whatever they were yesterday."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from connectors.face import Channel
from connectors.sandbox import CREDENTIALS
from marketing_pipelines.insights import drift, reconciliation, sync
from marketing_pipelines.insights.windows import Window
from store.records.accounts import AccountStatus
from store.records.connections import ConnectionStatus
from tests.insights.advertiser import Advertiser

TODAY = datetime.now(UTC).date()
SINCE, UNTIL = TODAY - timedelta(days=14), TODAY - timedelta(days=3)
ACCOUNTS = [
    (Channel.GOOGLE_ADS, "1112223333", "EUR"),
    (Channel.GOOGLE_ADS, "4445556666", "JPY"),
    (Channel.META, "555000111", "EUR"),
    (Channel.META, "555000222", "JPY"),
    (Channel.LINKEDIN, "500600100", "EUR"),
    (Channel.LINKEDIN, "500600200", "JPY"),
    (Channel.TIKTOK, "7012345678901230111", "EUR"),
    (Channel.TIKTOK, "7012345678901230222", "JPY"),
    (Channel.REDDIT, "a2_h7lindgrn1", "EUR"),
    (Channel.REDDIT, "a2_h7lindgrn2", "JPY"),
    (Channel.X, "18ce54d4x5t", "EUR"),
    (Channel.X, "18ce55gze09", "JPY"),
]
GOOGLE, META, LINKEDIN = "1112223333", "555000111", "500600100"


@pytest.mark.parametrize(("channel", "account", "currency"), ACCOUNTS)
def test_every_figure_is_the_platforms_own(
    advertiser: Advertiser, channel: Channel, account: str, currency: str
):
    number = advertiser.connect(channel, account)
    (synced,) = advertiser.sync(channel, SINCE, UNTIL)
    truth = advertiser.truth(channel, account, SINCE, UNTIL)
    assert truth["spend_micros"] > 0
    for level in ("campaign", "ad"):
        assert advertiser.totals(account, level) == truth, level
    assert synced.error is None
    assert synced.missing == ()
    assert list(synced.days) == Window(SINCE, UNTIL).days
    assert sum(synced.spend.values(), Decimal(0)) == truth["spend_micros"].scaleb(-6)
    assert {key[1] for key in synced.spend} == {currency}
    row = advertiser.account(number)
    assert (row.status, row.last_error) == (AccountStatus.CONNECTED, None)
    assert row.last_synced_at is not None


def test_reading_again_changes_nothing(advertiser: Advertiser):
    advertiser.connect(Channel.META, META)
    advertiser.sync(Channel.META, SINCE, UNTIL)
    first = advertiser.facts()
    assert first
    advertiser.sync(Channel.META, SINCE, UNTIL)
    assert advertiser.facts() == first


def test_what_vanished_there_vanishes_here_and_nothing_else(advertiser: Advertiser):
    advertiser.connect(Channel.GOOGLE_ADS, GOOGLE)
    advertiser.sync(Channel.GOOGLE_ADS, SINCE, UNTIL)
    first = advertiser.facts()
    advertiser.plant(SINCE, campaign_id="'gone'")
    advertiser.plant(SINCE, account_id="'another account'")
    advertiser.plant(SINCE, platform="'facebook_ads'")
    assert len(advertiser.facts()) == len(first) + 3
    advertiser.sync(Channel.GOOGLE_ADS, SINCE, SINCE)
    left = advertiser.facts()
    assert [row for row in left if row in first] == first
    others = [row for row in left if row not in first]
    assert {(row["account_id"], row["platform"]) for row in others} == {
        ("another account", "google_ads"),
        (GOOGLE, "facebook_ads"),
    }


def test_a_day_that_came_back_empty_is_empty(advertiser: Advertiser):
    advertiser.connect(Channel.META, META)
    advertiser.sync(Channel.META, UNTIL, UNTIL)
    assert advertiser.facts()
    advertiser.sandbox.now -= timedelta(days=30)  # the sandbox knows nothing of that day any more
    (synced,) = advertiser.sync(Channel.META, UNTIL, UNTIL)
    assert (synced.rows, synced.missing) == (0, ())
    assert advertiser.facts() == []


def test_restated_days_are_made_new(advertiser: Advertiser):
    advertiser.sandbox.now = datetime.combine(UNTIL, datetime.min.time(), UTC) + timedelta(hours=30)
    advertiser.connect(Channel.GOOGLE_ADS, GOOGLE)
    advertiser.sync(Channel.GOOGLE_ADS, SINCE, UNTIL)
    early = advertiser.totals(GOOGLE, "campaign")
    advertiser.sandbox.now += timedelta(days=30)
    advertiser.sync(Channel.GOOGLE_ADS, SINCE, UNTIL)
    late = advertiser.totals(GOOGLE, "campaign")
    assert late == advertiser.truth(Channel.GOOGLE_ADS, GOOGLE, SINCE, UNTIL)
    assert late["conversions"] > early["conversions"]


def test_what_was_stored_of_a_day_is_told_beside_what_it_is_now(advertiser: Advertiser):
    advertiser.connect(Channel.META, META)
    (first,) = advertiser.sync(Channel.META, UNTIL - timedelta(days=1), UNTIL)
    assert first.stored == {}
    assert drift.restated([first]) == []
    advertiser.plant(UNTIL, level="'campaign'", campaign_id="'gone'", spend_micros="toInt64(2500000)")
    (again,) = advertiser.sync(Channel.META, UNTIL - timedelta(days=1), UNTIL)
    assert again.stored == {**first.spend, (UNTIL, "EUR"): first.spend[UNTIL, "EUR"] + Decimal("2.5")}
    changes = [(each.day, each.change) for each in drift.restated([again])]
    assert changes == [(UNTIL - timedelta(days=1), Decimal(0)), (UNTIL, Decimal("-2.5"))]


def test_a_number_may_be_written_as_people_do(advertiser: Advertiser):
    advertiser.connect(Channel.GOOGLE_ADS, "111-222-3333")
    advertiser.connect(Channel.META, f"act_{META}")
    for _ in range(2):
        for channel in (Channel.GOOGLE_ADS, Channel.META):
            (synced,) = advertiser.sync(channel, UNTIL, UNTIL)
            assert synced.error is None
    assert {row["account_id"] for row in advertiser.facts()} == {GOOGLE, META}
    assert advertiser.totals(META, "ad") == advertiser.truth(Channel.META, META, UNTIL, UNTIL)


def test_one_account_failing_stops_no_other(advertiser: Advertiser):
    wrong = {**CREDENTIALS[Channel.META], "access_token": "stale-secret"}
    failing = advertiser.connect(Channel.META, "555000222", secrets=wrong)
    unreadable = advertiser.connect(Channel.META, "5")
    advertiser.spoil(unreadable)
    unknown = advertiser.connect(Channel.META, "999")
    working = advertiser.connect(Channel.META, META)
    switched_off = advertiser.connect(Channel.META, "6", status=AccountStatus.DISABLED)
    synced = {each.account_id: each for each in advertiser.sync(Channel.META, UNTIL, UNTIL)}
    assert set(synced) == {"555000222", "5", "999", META}
    assert synced[META].error is None
    assert advertiser.facts()
    assert synced["555000222"].missing == (UNTIL,)
    for number, status in [
        (failing, AccountStatus.NEEDS_RECONNECT),
        (unreadable, AccountStatus.NEEDS_RECONNECT),
        (working, AccountStatus.CONNECTED),
        (switched_off, AccountStatus.DISABLED),
    ]:
        assert advertiser.account(number).status == status
    told = advertiser.account(failing).last_error
    assert told
    assert "stale-secret" not in told
    assert advertiser.account(unknown).status != AccountStatus.CONNECTED


def test_an_account_that_recovers_says_so(advertiser: Advertiser):
    number = advertiser.connect(Channel.META, META)
    advertiser.sandbox.order(Channel.META, "server_error", times=100)
    (failed,) = advertiser.sync(Channel.META, UNTIL, UNTIL)
    assert failed.status is AccountStatus.FAILING
    advertiser.sandbox.http.delete(f"{advertiser.sandbox.address}/_sandbox/faults").raise_for_status()
    advertiser.sync(Channel.META, UNTIL, UNTIL)
    row = advertiser.account(number)
    assert (row.status, row.last_error) == (AccountStatus.CONNECTED, None)


def test_what_was_read_before_a_failure_is_kept_and_the_rest_left_as_it_was(advertiser: Advertiser):
    number = advertiser.connect(Channel.GOOGLE_ADS, GOOGLE)
    advertiser.sync(Channel.GOOGLE_ADS, SINCE, UNTIL)
    complete = advertiser.facts()
    seen: list[httpx.URL] = []

    def third_request_fails(request: httpx.Request) -> None:
        seen.append(request.url)
        if (
            sum("searchStream" in str(url) for url in seen) == 3
        ):  # two levels of a first portion have been read
            advertiser.sandbox.order(Channel.GOOGLE_ADS, "server_error", times=100)

    with httpx.Client(event_hooks={"request": [third_request_fails]}) as http:
        synced = advertiser.sync_with(http, number, Window(SINCE, UNTIL))
    assert synced.error
    assert list(synced.days) == Window(SINCE, UNTIL).days[: sync.PORTION_DAYS]
    assert list(synced.missing) == Window(SINCE, UNTIL).days[sync.PORTION_DAYS :]
    assert advertiser.facts() == complete


def test_what_is_too_much_is_read_in_halves(advertiser: Advertiser):
    advertiser.connect(Channel.LINKEDIN, LINKEDIN)
    advertiser.sync(Channel.LINKEDIN, SINCE, UNTIL)
    whole, asked = advertiser.facts(), advertiser.sandbox.requests(Channel.LINKEDIN)
    advertiser.sandbox.order(Channel.LINKEDIN, "too_much_data", times=2)  # seven days, and three of them
    (synced,) = advertiser.sync(Channel.LINKEDIN, SINCE, UNTIL)
    assert (synced.error, synced.missing) == (None, ())
    assert list(synced.days) == Window(SINCE, UNTIL).days
    assert advertiser.facts() == whole
    assert advertiser.sandbox.requests(Channel.LINKEDIN) > 2 * asked


def test_a_day_that_is_too_much_is_told_and_those_before_it_are_kept(advertiser: Advertiser):
    number = advertiser.connect(Channel.LINKEDIN, LINKEDIN)
    asked: list[httpx.URL] = []

    def what_follows_is_too_much(request: httpx.Request) -> None:
        asked.append(request.url)
        if sum("adAnalytics" in str(url) for url in asked) == len(sync.LEVELS):
            advertiser.sandbox.order(Channel.LINKEDIN, "too_much_data", times=100)

    with httpx.Client(event_hooks={"response": [lambda it: what_follows_is_too_much(it.request)]}) as http:
        synced = advertiser.sync_with(http, number, Window(SINCE, UNTIL))
    assert "too many entities" in str(synced.error)
    assert list(synced.days) == Window(SINCE, UNTIL).days[: sync.PORTION_DAYS]
    assert {row["date_day"] for row in advertiser.facts()} == set(synced.days)
    assert advertiser.account(number).status is AccountStatus.FAILING


def test_a_spent_budget_is_no_breakage(advertiser: Advertiser):
    number = advertiser.connect(Channel.GOOGLE_ADS, GOOGLE)
    advertiser.settings = advertiser.settings.model_copy(
        update={"call_budgets": {Channel.GOOGLE_ADS: {"operations": len(sync.LEVELS)}}}
    )
    (synced,) = advertiser.sync(Channel.GOOGLE_ADS, SINCE, UNTIL)
    assert list(synced.missing) == Window(SINCE, UNTIL).days[sync.PORTION_DAYS :]
    row = advertiser.account(number)
    assert row.status is AccountStatus.CONNECTED
    assert row.last_error is not None
    assert "our own limit of 2 calls (operations) is reached" in row.last_error
    assert "UTC" in row.last_error
    assert advertiser.connection(number).status is ConnectionStatus.CONNECTED
    assert advertiser.sandbox.waits == [], "nobody waits for a day"


def test_a_renewed_token_is_kept(advertiser: Advertiser):
    without = {**CREDENTIALS[Channel.GOOGLE_ADS], "access_token": ""}
    number = advertiser.connect(Channel.GOOGLE_ADS, GOOGLE, secrets=without)
    (synced,) = advertiser.sync(Channel.GOOGLE_ADS, UNTIL, UNTIL)
    assert synced.error is None
    assert advertiser.kept(number)["access_token"]


def test_an_account_in_yen_may_be_a_yen_off_for_each_ad(advertiser: Advertiser):
    def found() -> list[int]:
        rows = reconciliation.ads_beyond_campaigns(advertiser.settings, Channel.META, UNTIL, UNTIL)
        return [row[5] - row[4] for row in rows if row[0] == advertiser.tenant]

    advertiser.connect(Channel.META, "555000222")
    advertiser.sync(Channel.META, UNTIL, UNTIL)
    ads = sum(row["level"] == "ad" for row in advertiser.facts())
    advertiser.plant(UNTIL, level="'ad'", spend_micros=f"toInt64({ads + 1} * 1000000)")
    assert found() == []
    advertiser.plant(UNTIL, level="'ad'", spend_micros="toInt64(1000001)")
    assert found() == [(ads + 2) * 1_000_000 + 1]


def test_contradictions_are_found(advertiser: Advertiser):
    advertiser.connect(Channel.META, META)
    advertiser.sync(Channel.META, UNTIL, UNTIL)

    def found(check) -> list[date]:
        rows = check(advertiser.settings, Channel.META, UNTIL, UNTIL)
        return [row[2] for row in rows if row[0] == advertiser.tenant]

    assert found(reconciliation.negative_spend) == []
    assert found(reconciliation.ads_beyond_campaigns) == []
    advertiser.plant(UNTIL, level="'ad'", spend_micros="toInt64(1000000000000)")
    assert found(reconciliation.ads_beyond_campaigns) == [UNTIL]
    advertiser.plant(UNTIL, level="'campaign'", spend_micros="toInt64(-1)")
    assert found(reconciliation.negative_spend) == [UNTIL]
