"""What is Meta's own about campaigns: sums in its own coins, what belongs to ad sets, a last day, a dry run."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from connectors import errors
from connectors.advertising import NewCampaign
from connectors.face import Channel
from connectors.meta import Meta
from connectors.sandbox.meta import CREDENTIALS
from connectors.sandbox.world import accounts_of
from tests.conftest import TRUST
from tests.connectors.answering import answering
from tests.connectors.running_sandbox import Sandbox

EURO, YEN = "555000111", "555000222"
WANTED = NewCampaign(name="Winter coats", marker="7f3a2c9e01", daily_budget=Decimal("25.50"))
VERSION = "v26.0"


def meta(sandbox: Sandbox, http: httpx.Client | None = None) -> Meta:
    opened = sandbox.connector(Channel.META, http=http)
    assert isinstance(opened, Meta)
    return opened


@contextmanager
def overheard() -> Iterator[tuple[httpx.Client, list[dict[str, str]]]]:
    """A client, and the forms that were sent with it."""
    forms: list[dict[str, str]] = []

    def hear(request: httpx.Request) -> None:
        if request.method == "POST":
            forms.append({name: value[0] for name, value in parse_qs(request.content.decode()).items()})

    with httpx.Client(timeout=10, verify=TRUST, event_hooks={"request": [hear]}) as http:
        yield http, forms


def told(sandbox: Sandbox, path: str, **form: str) -> httpx.Response:
    """Told by somebody else, at the stand-in's own door."""
    return sandbox.http.post(
        f"{sandbox.address}/meta/{VERSION}/{path}",
        data=form,
        headers={"authorization": f"Bearer {CREDENTIALS['access_token']}"},
    )


MINIMAL = {"objective": "OUTCOME_SALES", "status": "PAUSED", "special_ad_categories": "[]"}


@pytest.mark.parametrize(
    ("account", "budget", "coins", "midnight"),
    [(EURO, "25.50", "2550", "+01:00"), (YEN, "4000", "4000", "+09:00")],
)
def test_a_budget_is_told_in_coins_and_a_last_day_by_its_last_second_there(
    sandbox: Sandbox, account: str, budget: str, coins: str, midnight: str
) -> None:
    wanted = replace(WANTED, daily_budget=Decimal(budget), until=date(2026, 12, 24))
    with overheard() as (http, forms):
        meta(sandbox, http).create_campaign(account, wanted)
    [form] = forms
    assert form.pop("appsecret_proof")
    assert form == {
        "name": "Winter coats [mp:7f3a2c9e01]",
        "objective": "OUTCOME_TRAFFIC",
        "status": "PAUSED",
        "special_ad_categories": "[]",
        "daily_budget": coins,
        "stop_time": f"2026-12-24T23:59:59{midnight}",
    }


@pytest.mark.parametrize(
    ("account", "amount"),
    [
        (EURO, "25.505"),
        (EURO, "0"),
        (EURO, "-1"),
        (EURO, "NaN"),
        (EURO, "Infinity"),
        (EURO, "1e30"),
        (EURO, "1e-400000"),
        (YEN, "4000.5"),
    ],
)
def test_a_sum_that_does_not_come_out_even_is_told_to_nobody(
    sandbox: Sandbox, account: str, amount: str
) -> None:
    ads, campaign = meta(sandbox), first_campaign(account)
    for change in (
        lambda: ads.create_campaign(account, replace(WANTED, daily_budget=Decimal(amount))),
        lambda: ads.set_daily_budget(account, campaign, Decimal(amount)),
    ):
        with pytest.raises(errors.Invalid) as invalid:
            change()
        assert invalid.value.field == "daily_budget"
    assert sandbox.accepted(Channel.META) == []


def first_campaign(account: str) -> str:
    return next(each for each in accounts_of(Channel.META) if each.id == account).campaigns[0].id


def said(**values: Any) -> tuple[int, bytes]:
    return 200, json.dumps(values).encode()


CAMPAIGN = {"id": "1", "name": "Coats", "status": "ACTIVE", "account_id": "777", "daily_budget": "2500"}


def account_in(currency: str) -> tuple[int, bytes]:
    return said(account_id="777", timezone_name="Europe/Budapest", currency=currency)


@pytest.mark.parametrize(
    ("currency", "budget"),
    [("EUR", "25.00"), ("JPY", "2500"), ("HUF", "2500"), ("TWD", "2500"), ("BHD", "25.00")],
)
def test_meta_has_its_own_idea_of_which_currency_has_cents(currency: str, budget: str) -> None:
    with answering(said(**CAMPAIGN), account_in(currency)) as wire:
        now = Meta.connect(CREDENTIALS, wire).campaign("777", "1")
    assert now.daily_budget == Decimal(budget)


def test_a_currency_that_is_not_in_its_table_is_not_guessed() -> None:
    with answering(said(**CAMPAIGN), account_in("XOF")) as wire:
        ads = Meta.connect(CREDENTIALS, wire)
        with pytest.raises(errors.UnexpectedAnswer, match="XOF"):
            ads.campaign("777", "1")


@pytest.mark.parametrize(
    ("field", "value"), [("countries", ("DE",)), ("language", "de"), ("highest_bid", Decimal("1.20"))]
)
def test_what_ad_sets_decide_is_refused_by_its_name(sandbox: Sandbox, field: str, value: Any) -> None:
    wanted = replace(WANTED, **{field: value})
    for ask in (meta(sandbox).create_campaign, meta(sandbox).check_campaign):
        with pytest.raises(errors.Invalid) as invalid:
            ask(EURO, wanted)
        assert invalid.value.field == field
    assert sandbox.requests(Channel.META) == 0


def test_looking_through_a_campaign_makes_none(sandbox: Sandbox) -> None:
    sandbox.order(Channel.META, "server_error", times=2)
    meta(sandbox).check_campaign(EURO, WANTED)
    assert len(sandbox.waits) == 2, "it changes nothing, and so may be tried again"
    with pytest.raises(errors.Invalid, match="too low"):
        meta(sandbox).check_campaign(EURO, replace(WANTED, daily_budget=Decimal("0.50")))
    assert sandbox.accepted(Channel.META) == []
    assert meta(sandbox).campaign_made_with(EURO, WANTED.marker) is None


def test_a_campaign_whose_ad_sets_have_the_budgets_has_none_to_set(sandbox: Sandbox) -> None:
    made = told(
        sandbox,
        f"act_{EURO}/campaigns",
        name="By ad set",
        is_adset_budget_sharing_enabled="false",
        **MINIMAL,
    )
    campaign = made.raise_for_status().json()["id"]
    assert meta(sandbox).campaign(EURO, campaign).daily_budget is None
    with pytest.raises(errors.Invalid, match="ad sets"):
        meta(sandbox).set_daily_budget(EURO, campaign, Decimal(10))
    meta(sandbox).run_campaign(EURO, campaign)
    assert meta(sandbox).campaign(EURO, campaign).is_running


@pytest.mark.parametrize("status", ["ARCHIVED", "DELETED"])
def test_what_was_put_away_is_not_there(sandbox: Sandbox, status: str) -> None:
    ads = meta(sandbox)
    campaign = ads.create_campaign(EURO, WANTED).id
    told(sandbox, campaign, status=status).raise_for_status()
    with pytest.raises(errors.Invalid):
        ads.campaign(EURO, campaign)
    with pytest.raises(errors.Invalid):
        ads.run_campaign(EURO, campaign)
    assert ads.campaign_made_with(EURO, WANTED.marker) is None


def test_neither_an_ad_set_nor_a_neighbours_campaign_is_taken_for_one(sandbox: Sandbox) -> None:
    ads, account = meta(sandbox), accounts_of(Channel.META)[0]
    with pytest.raises(errors.Invalid):
        ads.pause_campaign(EURO, account.campaigns[0].ad_groups[0].id)
    with pytest.raises(errors.Invalid, match="no such campaign"):
        ads.pause_campaign(EURO, first_campaign(YEN))
    assert sandbox.accepted(Channel.META) == []


def test_a_mark_that_is_merely_alike_is_not_it_however_many_there_are(sandbox: Sandbox) -> None:
    for number in range(sandbox.page_rows + 1):
        made = told(
            sandbox, f"act_{EURO}/campaigns", name=f"{number} [mp:ABCD]", daily_budget="2000", **MINIMAL
        )
        made.raise_for_status()
    ads = meta(sandbox)
    assert ads.campaign_made_with(EURO, "abcd") is None
    mine = ads.create_campaign(EURO, replace(WANTED, marker="abcd"))
    assert ads.campaign_made_with(EURO, "abcd") == mine


def test_half_a_character_is_told_to_nobody(sandbox: Sandbox) -> None:
    with pytest.raises(errors.Invalid) as invalid:
        meta(sandbox).create_campaign(EURO, replace(WANTED, name="\ud83d"))
    assert invalid.value.field == "name"


@pytest.mark.parametrize("answer", [b'{"success": false}', b'{"succ', b'{"id": "1"}', b"[]"])
def test_a_success_that_does_not_say_so_is_an_unknown_outcome(answer: bytes) -> None:
    with answering(said(**CAMPAIGN), (200, answer)) as wire:
        ads = Meta.connect(CREDENTIALS, wire)
        with pytest.raises(errors.UnknownOutcome):
            ads.pause_campaign("777", "1")


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"special_ad_categories": ""}, "special_ad_categories is required"),
        ({"objective": "LINK_CLICKS"}, "objective"),
        ({"objective": ""}, "objective is required"),
        ({"status": "RUNNING"}, "status"),
        ({"daily_budget": "25.50"}, "must be an integer"),
        ({"daily_budget": ""}, "is_adset_budget_sharing_enabled"),
        ({"stop_time": "at Christmas"}, "stop_time"),
    ],
)
def test_the_stand_in_is_as_strict_as_meta(sandbox: Sandbox, changed: dict[str, str], why: str) -> None:
    form = {"name": "Coats", "daily_budget": "2550", **MINIMAL, **changed}
    answer = told(sandbox, f"act_{EURO}/campaigns", **form)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == 100
    assert why in answer.json()["error"]["message"]
