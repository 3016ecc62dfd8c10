"""What can only be done by one at a time without there being a row to lock: each takes its turn until its transaction ends."""

from enum import IntEnum

from sqlalchemy import text
from sqlalchemy.orm import Session

from store.records.schema import TenantId


class Turn(IntEnum):
    """Kept in one list: two that had one number would wait for each other."""

    WRITING_THE_AUDIT = 0x6D70
    LOOKING_FOR_ALERTS = 0x6D71
    COUNTING_DELIVERIES = 0x6D72
    NAMING_CAMPAIGNS = 0x6D73
    SETTING_UP = 0x6D74
    KEEPING_ASSETS = 0x6D75
    CHOOSING_GOALS = 0x6D76
    SPLITTING_IDENTITIES = 0x6D77
    ASKING_FOR_EXPORTS = 0x6D78
    KEEPING_EXPORTS = 0x6D79
    CHECKING_UPLOADS = 0x6D7A
    HOLDING_OUT = 0x6D7B
    LISTING_FEEDS = 0x6D7C


def take(session: Session, turn: Turn, tenant: TenantId) -> None:
    """Waits until nobody else of the tenant has this turn."""
    session.execute(_TAKE, {"turn": int(turn), "tenant": tenant})


def is_free(session: Session, turn: Turn) -> bool:
    """Takes the whole house's turn if nobody has it, and says whether it did."""
    return bool(session.scalar(_TAKE_IF_FREE, {"turn": int(turn)}))


_TAKE = text("select pg_advisory_xact_lock(:turn, (:tenant % 2147483648)::int)")
_TAKE_IF_FREE = text("select pg_try_advisory_xact_lock(:turn, 0)")
