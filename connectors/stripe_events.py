"""Stripe's events, of both eras of its API: told more than once and in any order, each with its object as it then stood.

Only parsed here: that a call comes from Stripe is proven where it is taken. Of what an object holds no more is read than
billing goes by: neither names nor addresses, and nothing of cards.
"""

import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from connectors import money
from connectors.billing import BillingEvent, BillingKind, Money, Stage
from connectors.errors import Invalid

WHERE = "Stripe events"
LARGEST_BODY = 2 * 1024 * 1024
MOST_NAMES = 100

# As Stripe counts, and not as ISO 4217 does: an Icelandic króna has two decimals there, an ariary none.
_WITHOUT_DECIMALS = (
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "JPY",
    "KMF",
    "KRW",
    "MGA",
    "PYG",
    "RWF",
    "UGX",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
)
_DECIMALS = {
    **dict.fromkeys(_WITHOUT_DECIMALS, 0),
    **dict.fromkeys(("BHD", "JOD", "KWD", "OMR", "TND"), 3),
}
_KINDS = {
    "checkout.session.completed": BillingKind.CHECKOUT_COMPLETED,
    "customer.subscription.created": BillingKind.SUBSCRIPTION_CREATED,
    "customer.subscription.updated": BillingKind.SUBSCRIPTION_UPDATED,
    "customer.subscription.deleted": BillingKind.SUBSCRIPTION_DELETED,
    "customer.subscription.trial_will_end": BillingKind.TRIAL_WILL_END,
    "invoice.finalized": BillingKind.INVOICE_FINALIZED,
    "invoice.paid": BillingKind.INVOICE_PAID,
    "invoice.payment_failed": BillingKind.INVOICE_UNPAID,
    "charge.refunded": BillingKind.CHARGE_REFUNDED,
    "charge.dispute.created": BillingKind.CHARGE_DISPUTED,
}
# After these an object hardly changes any more.
_ENDS = frozenset(
    {
        *("paid", "void", "uncollectible", "canceled", "incomplete_expired"),
        *("complete", "no_payment_required", "expired", "succeeded", "failed", "won", "lost"),
    }
)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,99}")
# Until 2100: what lies further ahead is no moment at which something happens.
_LATEST = 4_102_444_800

_Id = Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{1,255}\Z")]
_Word = Annotated[str, msgspec.Meta(pattern=r"\A[a-z][a-z0-9_]{0,59}\Z")]
_Coins = Annotated[int, msgspec.Meta(ge=-(10**15), le=10**15)]
_Currency = Annotated[str, msgspec.Meta(pattern=r"\A[A-Za-z]{3,8}\Z")]
_Seconds = Annotated[int, msgspec.Meta(ge=0, lt=_LATEST)]
_Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class _Whole(msgspec.Struct):
    """An object that stands where elsewhere only its id does."""

    id: _Id


_Named = _Id | _Whole | None


class _Related(msgspec.Struct):
    id: _Id
    type: _Id


class _Data(msgspec.Struct):
    object: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"null"))
    previous_attributes: dict[str, msgspec.Raw] | None = None


class _Told(msgspec.Struct):
    """An event that does not say so is not taken for one about money."""

    id: _Id
    type: Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{1,200}\Z")]
    created: _Seconds | _Moment
    livemode: bool = False
    api_version: Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{1,100}\Z")] | None = None
    account: _Id | None = None
    context: _Id | None = None
    data: _Data | None = None
    related_object: _Related | None = None


class _Object(msgspec.Struct):
    """Any object: what it is, and which one; only some have no id, such as a balance or an invoice to come."""

    object: Annotated[str, msgspec.Meta(pattern=r"\A[!-~]{0,100}\Z")] = ""
    id: _Id | None = None


class _Billed(_Object):
    """What is common to the objects that billing goes by."""

    customer: _Named = None
    status: _Word | None = None
    currency: _Currency | None = None

    def stands(self) -> str:
        return self.status or ""

    def coins(self) -> int | None:
        """What the event is about, as Stripe counts."""
        return None

    def subscription_id(self) -> str:
        return ""

    def ends(self) -> int | None:
        return None


class _Item(msgspec.Struct):
    current_period_end: _Seconds | None = None


class _Items(msgspec.Struct):
    data: tuple[_Item, ...] = ()


class _Subscription(_Billed):
    """Until the versions called basil a period was the subscription's own; since then each item has one."""

    current_period_end: _Seconds | None = None
    items: _Items | None = None

    def subscription_id(self) -> str:
        return self.id or ""

    def ends(self) -> int | None:
        if self.current_period_end is not None or self.items is None:
            return self.current_period_end
        of_items = (item.current_period_end for item in self.items.data)
        return max((end for end in of_items if end is not None), default=None)


class _OfSubscription(msgspec.Struct):
    subscription: _Named = None


class _Parent(msgspec.Struct):
    subscription_details: _OfSubscription | None = None


class _Invoice(_Billed):
    """Until the versions called basil it named its subscription itself; since then its parent does."""

    amount_due: _Coins | None = None
    amount_paid: _Coins | None = None
    subscription: _Named = None
    parent: _Parent | None = None

    def coins(self) -> int | None:
        return self.amount_paid if self.status == "paid" else self.amount_due

    def subscription_id(self) -> str:
        details = self.parent.subscription_details if self.parent else None
        return _id(self.subscription) or _id(details.subscription if details else None)


class _Session(_Billed):
    """One that is complete need not be paid yet, which is what billing wants to know."""

    payment_status: _Word | None = None
    amount_total: _Coins | None = None
    subscription: _Named = None

    def stands(self) -> str:
        is_over = self.status == "complete"
        return (self.payment_status if is_over else None) or self.status or ""

    def coins(self) -> int | None:
        return self.amount_total

    def subscription_id(self) -> str:
        return _id(self.subscription)


class _Charge(_Billed):
    amount: _Coins | None = None
    amount_refunded: _Coins | None = None

    def coins(self) -> int | None:
        """What was given back so far, once something was."""
        return self.amount_refunded or self.amount


class _Dispute(_Billed):
    amount: _Coins | None = None

    def coins(self) -> int | None:
        return self.amount


_told = msgspec.json.Decoder(_Told)
_object = msgspec.json.Decoder(_Object)
_BILLED = {
    "subscription": msgspec.json.Decoder(_Subscription),
    "invoice": msgspec.json.Decoder(_Invoice),
    "checkout.session": msgspec.json.Decoder(_Session),
    "charge": msgspec.json.Decoder(_Charge),
    "dispute": msgspec.json.Decoder(_Dispute),
}


def event_of(body: bytes) -> BillingEvent:
    """The event of a call whose signature was verified."""
    if len(body) > LARGEST_BODY:
        raise Invalid(what=f"is over {LARGEST_BODY} bytes", where=WHERE, field="body")
    try:
        told = _told.decode(body)
        data = told.data or _Data()
        if bytes(data.object) == b"null":
            return _thin(told)
        return _snapshot(told, data.object, data.previous_attributes or {})
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, OverflowError) as wrong:
        # What stands in a path are names of Stripe's; nothing of the body is repeated.
        raise Invalid(what=f"is no event of Stripe's: {wrong}", where=WHERE, field="body") from None


def decimals(currency: str) -> int:
    """How many of its digits Stripe puts behind the point."""
    return _DECIMALS.get(currency, 2)


def _thin(told: _Told) -> BillingEvent:
    """It names what it is about, if anything; how that stands would have to be asked."""
    about = told.related_object
    return replace(
        _by_itself(told),
        is_thin=True,
        object_kind=about.type if about else "",
        object_id=about.id if about else "",
    )


def _snapshot(told: _Told, whole: msgspec.Raw, before: dict[str, msgspec.Raw]) -> BillingEvent:
    named = _object.decode(whole)
    reader = _BILLED.get(named.object)
    billed = reader.decode(whole) if reader else _Billed(object=named.object, id=named.id)
    stands, ends = billed.stands(), billed.ends()
    return replace(
        _by_itself(told),
        object_kind=billed.object,
        object_id=billed.id or "",
        stage=_stage(told.type, stands),
        status=stands,
        customer_id=_id(billed.customer),
        subscription_id=billed.subscription_id(),
        money=_money(billed.coins(), billed.currency),
        period_ends_at=None if ends is None else datetime.fromtimestamp(ends, UTC),
        changed=tuple(sorted(name for name in before if _NAME.fullmatch(name))[:MOST_NAMES]),
    )


def _by_itself(told: _Told) -> BillingEvent:
    """A snapshot's moment is in seconds, a thin event's is written out."""
    created = told.created
    return BillingEvent(
        id=told.id,
        kind=_KINDS.get(told.type, BillingKind.OTHER),
        type=told.type,
        at=created.astimezone(UTC) if isinstance(created, datetime) else datetime.fromtimestamp(created, UTC),
        is_live=told.livemode,
        api_version=told.api_version or "",
        account=told.account or told.context or "",
    )


def _stage(told_as: str, stands: str) -> Stage:
    if told_as.endswith(".deleted") or stands in _ENDS:
        return Stage.ENDS
    return Stage.BEGINS if told_as.endswith(".created") or stands == "draft" else Stage.GOES_ON


def _money(coins: int | None, currency: str | None) -> Money | None:
    if coins is None or currency is None:
        return None
    code = currency.upper()
    return Money(coins=coins, currency=code, amount=money.of_minor_units(coins, decimals(code)))


def _id(named: str | _Whole | None) -> str:
    return named.id if isinstance(named, _Whole) else named or ""
