"""Stripe's events: read in both eras of its API, told of no person, and signed so that the collector can tell."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collector.hooks import Call, NotGenuine, Verified
from collector.hooks import stripe as at_the_edge
from connectors.billing import BillingEvent, BillingKind, Money, Stage
from connectors.errors import Invalid
from connectors.face import Channel, Wire
from connectors.sandbox import CREDENTIALS
from connectors.sandbox.stripe import EVENTS, Era, Signed, StripeEvents
from connectors.stripe import Stripe
from connectors.stripe_events import LARGEST_BODY, MOST_NAMES, event_of
from tests.connectors.running_sandbox import Sandbox

AT = 1_791_000_000
NOW = datetime.fromtimestamp(AT, UTC)
SECRET = CREDENTIALS[Channel.STRIPE]["signing_secret"]

# As Stripe documents it, after its objects were moved about (2025, "basil").
UPDATED: dict[str, Any] = {
    "id": "evt_1Q",
    "object": "event",
    "api_version": "2026-06-24.dahlia",
    "created": AT,
    "livemode": False,
    "type": "customer.subscription.updated",
    "pending_webhooks": 1,
    "request": {"id": "req_1", "idempotency_key": None},
    "data": {
        "object": {
            "id": "sub_1",
            "object": "subscription",
            "status": "past_due",
            "customer": "cus_1",
            "items": {"data": [{"price": {"id": "price_1"}, "current_period_end": AT + 2_600_000}]},
        },
        "previous_attributes": {"status": "active"},
    },
}
# And before: the period is the subscription's own.
UPDATED_BEFORE: dict[str, Any] = {
    **UPDATED,
    "api_version": "2024-11-20.acacia",
    "data": {
        "object": {
            "id": "sub_1",
            "object": "subscription",
            "status": "past_due",
            "customer": "cus_1",
            "current_period_end": AT + 2_600_000,
            "items": {"data": [{"price": {"id": "price_1"}}]},
        },
        "previous_attributes": {"status": "active"},
    },
}
INVOICE: dict[str, Any] = {
    "id": "in_1",
    "object": "invoice",
    "customer": "cus_1",
    "customer_email": "buyer@example.com",
    "customer_address": {"line1": "Ring 1", "postal_code": "1010"},
    "currency": "usd",
    "status": "paid",
    "amount_due": 2900,
    "amount_paid": 2900,
    "total": 2900,
}
THIN: dict[str, Any] = {
    "id": "evt_test_65R",
    "object": "v2.core.event",
    "type": "v1.billing.meter.error_report_triggered",
    "livemode": True,
    "created": "2026-10-03T12:00:00.500Z",
    "related_object": {"id": "mtr_1", "type": "billing.meter", "url": "/v1/billing/meters/mtr_1"},
}


def read(event: Any) -> BillingEvent:
    return event_of(json.dumps(event).encode())


def about(kind: str, told_as: str = "", **said: Any) -> BillingEvent:
    """A snapshot of one object."""
    whole = {"id": "x_1", "object": kind, **said}
    return read(
        {"id": "evt_1", "type": told_as or f"{kind}.updated", "created": AT, "data": {"object": whole}}
    )


def invoice(**said: Any) -> BillingEvent:
    return about("invoice", "invoice.paid", **{**INVOICE, **said})


@pytest.mark.parametrize("told", [UPDATED, UPDATED_BEFORE], ids=["new", "old"])
def test_the_documented_event(told: dict[str, Any]) -> None:
    assert read(told) == BillingEvent(
        id="evt_1Q",
        kind=BillingKind.SUBSCRIPTION_UPDATED,
        type="customer.subscription.updated",
        at=NOW,
        is_live=False,
        api_version=told["api_version"],
        object_kind="subscription",
        object_id="sub_1",
        status="past_due",
        customer_id="cus_1",
        subscription_id="sub_1",
        period_ends_at=NOW + timedelta(seconds=2_600_000),
        changed=("status",),
    )


@pytest.mark.parametrize(
    "said",
    [
        {"subscription": "sub_1"},
        {"subscription": {"id": "sub_1", "object": "subscription"}},
        {"parent": {"type": "subscription_details", "subscription_details": {"subscription": "sub_1"}}},
        {"subscription": None, "parent": {"subscription_details": {"subscription": {"id": "sub_1"}}}},
    ],
    ids=["old", "old and expanded", "new", "new and expanded"],
)
def test_an_invoice_names_its_subscription_wherever_the_version_puts_it(said: dict[str, Any]) -> None:
    assert invoice(**said) == BillingEvent(
        id="evt_1",
        kind=BillingKind.INVOICE_PAID,
        type="invoice.paid",
        at=NOW,
        is_live=False,
        object_kind="invoice",
        object_id="in_1",
        stage=Stage.ENDS,
        status="paid",
        customer_id="cus_1",
        subscription_id="sub_1",
        money=Money(coins=2900, currency="USD", amount=Decimal("29.00")),
    )


@pytest.mark.parametrize(
    "parent",
    [None, {}, {"type": "quote_details", "subscription_details": None}, {"subscription_details": {}}],
)
def test_an_invoice_need_not_be_of_a_subscription(parent: Any) -> None:
    assert invoice(parent=parent).subscription_id == ""


def test_what_is_due_is_told_until_it_is_paid() -> None:
    failed = about("invoice", "invoice.payment_failed", **{**INVOICE, "status": "open", "amount_paid": 0})
    assert failed.kind is BillingKind.INVOICE_UNPAID
    assert failed.money == Money(coins=2900, currency="USD", amount=Decimal(29))
    assert failed.stage is Stage.GOES_ON


def test_an_invoice_to_come_has_no_id() -> None:
    upcoming = about("invoice", "invoice.upcoming", id=None, status="draft", currency="eur", amount_due=5)
    assert (upcoming.kind, upcoming.object_id, upcoming.stage) == (BillingKind.OTHER, "", Stage.BEGINS)


@pytest.mark.parametrize(
    ("said", "stands"),
    [
        ({"status": "complete", "payment_status": "unpaid"}, "unpaid"),
        ({"status": "complete", "payment_status": "paid"}, "paid"),
        ({"status": "complete"}, "complete"),
        ({"status": "expired", "payment_status": "unpaid"}, "expired"),
        ({"status": None}, ""),
    ],
)
def test_a_session_that_is_complete_need_not_be_paid(said: dict[str, Any], stands: str) -> None:
    told = about(
        "checkout.session", "checkout.session.completed", subscription="sub_1", amount_total=500,
        currency="jpy", customer={"id": "cus_1", "object": "customer", "email": "buyer@example.com"}, **said,
    )  # fmt: skip
    assert (told.kind, told.status) == (BillingKind.CHECKOUT_COMPLETED, stands)
    assert (told.customer_id, told.subscription_id) == ("cus_1", "sub_1")
    assert told.money == Money(coins=500, currency="JPY", amount=Decimal(500))


def test_refunds_and_disputes_tell_what_they_are_about() -> None:
    paid = {"amount": 2900, "currency": "eur", "customer": "cus_1", "status": "succeeded"}
    refunded = about("charge", "charge.refunded", **paid, amount_refunded=900)
    assert refunded.kind is BillingKind.CHARGE_REFUNDED
    assert refunded.money == Money(coins=900, currency="EUR", amount=Decimal(9))
    assert about("charge", "charge.succeeded", **paid, amount_refunded=0).money == Money(
        coins=2900, currency="EUR", amount=Decimal(29)
    )
    disputed = about(
        "dispute", "charge.dispute.created", amount=2000, currency="eur", status="needs_response"
    )
    assert (disputed.kind, disputed.status) == (BillingKind.CHARGE_DISPUTED, "needs_response")
    assert disputed.money == Money(coins=2000, currency="EUR", amount=Decimal(20))


@pytest.mark.parametrize(
    ("coins", "currency", "amount"),
    [
        (1099, "usd", "10.99"),
        (-1, "usd", "-0.01"),
        (500, "jpy", "500"),
        (500, "krw", "500"),
        (500, "mga", "500"),
        (500, "ugx", "500"),
        (500, "isk", "5"),
        (500, "huf", "5"),
        (5120, "kwd", "5.12"),
        (5120, "tnd", "5.12"),
        (5120, "iqd", "51.2"),
        (10**15, "vnd", "1000000000000000"),
    ],
)
def test_amounts_have_the_decimals_that_stripe_gives_them(coins: int, currency: str, amount: str) -> None:
    assert invoice(amount_paid=coins, currency=currency).money == Money(
        coins=coins, currency=currency.upper(), amount=Decimal(amount)
    )


def test_without_a_currency_there_is_no_amount() -> None:
    assert invoice(currency=None).money is None
    assert invoice(amount_paid=None).money is None


@pytest.mark.parametrize(
    ("told_as", "kind"),
    [
        ("checkout.session.completed", BillingKind.CHECKOUT_COMPLETED),
        ("customer.subscription.created", BillingKind.SUBSCRIPTION_CREATED),
        ("customer.subscription.updated", BillingKind.SUBSCRIPTION_UPDATED),
        ("customer.subscription.deleted", BillingKind.SUBSCRIPTION_DELETED),
        ("customer.subscription.trial_will_end", BillingKind.TRIAL_WILL_END),
        ("invoice.finalized", BillingKind.INVOICE_FINALIZED),
        ("invoice.paid", BillingKind.INVOICE_PAID),
        ("invoice.payment_failed", BillingKind.INVOICE_UNPAID),
        ("charge.refunded", BillingKind.CHARGE_REFUNDED),
        ("charge.dispute.created", BillingKind.CHARGE_DISPUTED),
        ("customer.subscription.paused", BillingKind.OTHER),
        ("something.of.tomorrow", BillingKind.OTHER),
    ],
)
def test_what_billing_goes_by_has_a_kind_and_everything_keeps_its_name(
    told_as: str, kind: BillingKind
) -> None:
    told = about("subscription", told_as, status="active")
    assert (told.kind, told.type) == (kind, told_as)


def test_an_object_that_nobody_here_knows_is_named_and_no_more() -> None:
    told = about("teapot", customer="cus_1", status=["short"], currency=7, amount={"stout": True})
    assert (told.object_kind, told.object_id) == ("teapot", "x_1")
    assert (told.status, told.customer_id, told.money) == ("", "", None)
    balance = about("balance", "balance.available", id=None)
    assert (balance.type, balance.object_kind, balance.object_id) == ("balance.available", "balance", "")


def test_an_event_of_a_connected_account_says_so() -> None:
    assert read({**UPDATED, "account": "acct_1"}).account == "acct_1"
    assert read({**THIN, "context": "acct_1"}).account == "acct_1"


@pytest.mark.parametrize("object_said", ["v2.core.event", "event"])
def test_a_thin_event_is_kept_as_such(object_said: str) -> None:
    assert read({**THIN, "object": object_said}) == BillingEvent(
        id="evt_test_65R",
        kind=BillingKind.OTHER,
        type="v1.billing.meter.error_report_triggered",
        at=datetime(2026, 10, 3, 12, 0, 0, 500_000, UTC),
        is_live=True,
        is_thin=True,
        object_kind="billing.meter",
        object_id="mtr_1",
    )


def test_a_thin_event_may_be_about_nothing_and_say_nothing_of_its_mode() -> None:
    told_as = "v2.core.account[configuration.customer].updated"
    told = read({"id": "evt_1", "type": told_as, "created": "2026-10-03T14:00:00+02:00", "data": {}})
    assert told == BillingEvent(
        id="evt_1",
        kind=BillingKind.OTHER,
        type=told_as,
        at=datetime(2026, 10, 3, 12, tzinfo=UTC),
        is_live=False,
        is_thin=True,
    )


@pytest.mark.parametrize(
    ("told_as", "status", "stage"),
    [
        ("customer.subscription.created", "incomplete", Stage.BEGINS),
        ("customer.subscription.updated", "active", Stage.GOES_ON),
        ("customer.subscription.deleted", "canceled", Stage.ENDS),
        ("customer.subscription.deleted", "active", Stage.ENDS),
        ("customer.subscription.updated", "incomplete_expired", Stage.ENDS),
    ],
)
def test_what_begins_and_what_ends_is_told_apart(told_as: str, status: str, stage: Stage) -> None:
    assert about("subscription", told_as, status=status).stage is stage


def test_of_what_was_before_only_names_are_read() -> None:
    before = {"status": "active", "metadata": {"name": "A Buyer"}, "Not a name": 1, "x" * 101: 1, "": 1}
    data = {**UPDATED["data"], "previous_attributes": before}
    assert read({**UPDATED, "data": data}).changed == ("metadata", "status")
    data["previous_attributes"] = {f"a{number:03}": 1 for number in range(MOST_NAMES + 20)}
    assert len(read({**UPDATED, "data": data}).changed) == MOST_NAMES


HOSTILE: list[Any] = [
    [],
    "evt_1",
    {},
    {**UPDATED, "id": None},
    {**UPDATED, "id": "evt_1\n"},
    {**UPDATED, "id": "e" * 256},
    {**UPDATED, "type": ""},
    {**UPDATED, "type": "invoice paid"},
    {**UPDATED, "created": -1},
    {**UPDATED, "created": 10**12},
    {**UPDATED, "created": "yesterday"},
    {**UPDATED, "created": "2026-10-03T12:00:00"},
    {**UPDATED, "created": True},
    {**THIN, "created": "9999-12-31T23:59:59-12:00"},
    {**THIN, "created": "0001-01-01T00:00:00+12:00"},
    {**UPDATED, "livemode": "yes"},
    {**UPDATED, "data": "sub_1"},
    {**UPDATED, "data": {"object": "sub_1"}},
    {**UPDATED, "data": {"object": {"object": "x\x00", "id": "x_1"}}},
    {**UPDATED, "data": {"object": {"object": "invoice", "id": "in_1\x00"}}},
    {**UPDATED, "data": {"object": {**INVOICE, "customer": 7}}},
    {**UPDATED, "data": {"object": {**INVOICE, "customer": {"name": "buyer@example.com"}}}},
    {**UPDATED, "data": {"object": {**INVOICE, "amount_paid": 10**15 + 1}}},
    {**UPDATED, "data": {"object": {**INVOICE, "amount_paid": 29.5}}},
    {**UPDATED, "data": {"object": {**INVOICE, "currency": "euros and cents"}}},
    {**UPDATED, "data": {"object": {**INVOICE, "status": "<b>paid</b>"}}},
    {**THIN, "related_object": {"id": "mtr 1", "type": "x", "url": "x"}},
]


@pytest.mark.parametrize("event", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_no_event_is_refused_without_repeating_it(event: Any) -> None:
    with pytest.raises(Invalid) as refused:
        read(event)
    assert refused.value.field == "body"
    assert "example.com" not in str(refused.value)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"id":"\xff"}',
        b" " * (LARGEST_BODY + 1),
        b'{"data":' + b"[" * 100_000,
        b'{"id":"evt_1","type":"x","created":1,"data":{"object":{"object":"x","y":'
        + b"[" * 100_000
        + b"]" * 100_000
        + b"}}}",
    ],
    ids=["nothing", "half", "no text", "no text inside", "too large", "deep", "deep and whole"],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(Invalid):
        event_of(body)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from([*INVOICE, *THIN]), inner, max_size=6)
    ),
    max_leaves=12,
)


@given(
    st.fixed_dictionaries(
        {"id": st.just("evt_1"), "type": st.just("x"), "created": st.integers() | anything},
        optional={"data": anything, "related_object": anything, "account": anything},
    ),
    st.sampled_from(["invoice", "subscription", "charge", "dispute", "checkout.session", "teapot"]),
    anything,
)
def test_whatever_comes_is_an_event_or_refused(event: dict[str, Any], kind: str, whole: Any) -> None:
    if isinstance(whole, dict):
        event["data"] = {"object": {**whole, "object": kind}}
    try:
        told = read(event)
    except Invalid:
        return
    assert told.id == "evt_1"
    assert not any("\x00" in value for value in asdict(told).values() if isinstance(value, str))


@pytest.mark.parametrize("era", list(Era))
@pytest.mark.parametrize("name", EVENTS)
def test_the_stand_in_tells_the_same_in_both_eras_and_nothing_of_a_person_is_read(
    name: str, era: Era
) -> None:
    told = event_of(StripeEvents(lambda: NOW).call(name, era).body)
    assert told.type == name
    assert told.object_id
    assert told.customer_id in ("cus_sandbox1", "")
    if "subscription" in name or name.startswith(("invoice.", "checkout.")):
        assert told.subscription_id == "sub_sandbox1"
    if told.object_kind == "subscription":
        assert told.period_ends_at == datetime.fromtimestamp(AT + 2_592_000, UTC)
    assert not any(
        word in repr(replace(told, id="")) for word in ("buyer", "Buyer", "Ring", "1010", "4242", "visa")
    )


def proven(call: Any, secret: str = SECRET, late: int = 0) -> Verified:
    headers = {name.encode(): value.encode() for name, value in call.headers.items()}
    return at_the_edge.verify(Call(headers, {}, call.body, (AT + late) * 1000), secret)


@pytest.mark.parametrize("signed", [Signed.RIGHTLY, Signed.ROLLED])
def test_what_the_stand_in_signs_is_proven_whenever_it_is_told(signed: Signed) -> None:
    events = StripeEvents(lambda: NOW)
    first, again = (events.call("invoice.paid", signed=signed) for _ in range(2))
    assert first.body == again.body
    assert proven(first) == proven(again, late=300) == Verified(event_of(first.body).id)
    with pytest.raises(NotGenuine):
        proven(first, secret="whsec_another")
    with pytest.raises(NotGenuine):
        proven(first, late=301)
    first.headers["stripe-signature"] = first.headers["stripe-signature"].replace("t=", "t=1")
    with pytest.raises(NotGenuine):
        proven(first)


@pytest.mark.parametrize("signed", [Signed.WRONGLY, Signed.STALE, Signed.AHEAD, Signed.BY_AN_OLD_SCHEME])
def test_what_the_stand_in_signs_wrongly_is_not(signed: Signed) -> None:
    with pytest.raises(NotGenuine):
        proven(StripeEvents(lambda: NOW).call("invoice.paid", signed=signed))


def test_live_and_test_mode_have_ids_of_their_own() -> None:
    events = StripeEvents(lambda: NOW)
    live, test = (event_of(events.call("invoice.paid", is_live=mode).body) for mode in (True, False))
    assert (live.is_live, test.is_live) == (True, False)
    assert live.id != test.id


def test_the_stand_in_tells_what_it_is_asked_for(sandbox: Sandbox) -> None:
    asked = {"event": ["invoice.paid", "invoice.finalized", "invoice.paid"], "era": Era.OLD}
    address = f"{sandbox.address}/_sandbox/stripe/events"
    told = sandbox.http.get(address, params=asked).raise_for_status().json()
    assert [json.loads(call["body"])["type"] for call in told] == asked["event"]
    assert told[0] == told[2]
    assert len(sandbox.http.get(address).json()) == len(EVENTS)
    for wrong in ({"event": "x"}, {"era": "x"}, {"signed": "x"}):
        assert sandbox.http.get(address, params=wrong).status_code == 400


@pytest.mark.parametrize(
    ("given_secrets", "proves"),
    [
        ({"signing_secret": SECRET}, (SECRET,)),
        ({"signing_secret": SECRET, "other_secret": ""}, (SECRET,)),
        (
            {"signing_secret": SECRET, "other_secret": f"whsec_{'a' * 64}"},
            (SECRET, f"whsec_{'a' * 64}"),
        ),
    ],
)
def test_one_secret_proves_calls_and_two_while_it_is_rolled(
    given_secrets: dict[str, str], proves: tuple[str, ...]
) -> None:
    with httpx.Client() as http:
        assert Stripe.connect(given_secrets, Wire(http=http)).channel is Channel.STRIPE
    assert Stripe.signing_secrets(given_secrets) == proves


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"signing_secret": ""}, "signing_secret"),
        ({"signing_secret": "sk_live_0123456789abcdefghij"}, "signing_secret"),
        ({"signing_secret": "whsec_short"}, "signing_secret"),
        ({"signing_secret": f"{SECRET} "}, "signing_secret"),
        ({"signing_secret": f"{SECRET}\n"}, "signing_secret"),
        ({"signing_secret": f"whsec_{'a' * 251}"}, "signing_secret"),
        ({"signing_secret": SECRET, "other_secret": "rk_live_0123456789abcdefghij"}, "other_secret"),
        ({"signing_secret": SECRET, "other_secret": SECRET}, "other_secret"),
    ],
)
def test_secrets_that_will_not_do_are_refused_and_not_repeated(wrong: dict[str, str], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        Stripe.signing_secrets(wrong)
    assert refused.value.field == field
    assert not any(value and value in str(refused.value) for value in wrong.values())
