"""What a channel tells of billing: each event by itself, in the provider's words and in whole coins."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import Any, ClassVar, Protocol, runtime_checkable


class BillingKind(StrEnum):
    """What billing goes by; everything else is kept under the provider's own name for it."""

    CHECKOUT_COMPLETED = "checkout_completed"
    SUBSCRIPTION_CREATED = "subscription_created"
    SUBSCRIPTION_UPDATED = "subscription_updated"
    SUBSCRIPTION_DELETED = "subscription_deleted"
    TRIAL_WILL_END = "trial_will_end"
    INVOICE_FINALIZED = "invoice_finalized"
    INVOICE_PAID = "invoice_paid"
    INVOICE_UNPAID = "invoice_unpaid"
    CHARGE_REFUNDED = "charge_refunded"
    CHARGE_DISPUTED = "charge_disputed"
    OTHER = "other"


class Stage(IntEnum):
    """Which of the events of one second tells of the later moment of an object's life."""

    BEGINS = 0
    GOES_ON = 1
    ENDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """`coins` are those of the provider, who may count a currency otherwise than its bank does."""

    coins: int
    currency: str
    amount: Decimal
    """In main units, such as euros."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingEvent:
    """One thing that happened to one object; what is not told is empty, and nothing tells of a person."""

    id: str
    kind: BillingKind
    type: str
    """The provider's own name for it."""
    at: datetime
    is_live: bool
    """Whether it is about money, and not about a test."""
    api_version: str = ""
    account: str = ""
    """Somebody else's, for whom the provider lets this one act."""
    is_thin: bool = False
    """It only names the object, and tells nothing of how it stands."""
    object_kind: str = ""
    object_id: str = ""
    stage: Stage = Stage.GOES_ON
    status: str = ""
    customer_id: str = ""
    subscription_id: str = ""
    money: Money | None = None
    """What the event is about: what was paid, is due, was given back or is disputed."""
    period_ends_at: datetime | None = None
    changed: tuple[str, ...] = ()
    """The names of what is not as it was before."""


@runtime_checkable
class TellsBilling(Protocol):
    """A channel whose provider calls one of our hooks."""

    hook: ClassVar[str]

    @classmethod
    def signing_secrets(cls, credentials: Mapping[str, Any]) -> tuple[str, ...]:
        """What proves its calls, any one of them."""
        ...

    @staticmethod
    def event_of(body: bytes) -> BillingEvent:
        """What a call says that was proven where it was taken."""
        ...
