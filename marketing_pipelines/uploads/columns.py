"""The columns of a list: their names, what other programs call them, and a list to begin with."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum


class Column(StrEnum):
    WHEN = "when"
    EVENT = "event"
    USER_ID = "user_id"
    EMAIL = "email"
    CHANNEL = "channel"
    CAMPAIGN = "campaign"
    VALUE = "value"
    CURRENCY = "currency"
    ORDER_ID = "order_id"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Told:
    """What people are told of a column, and how others spell it."""

    about: str
    also: tuple[str, ...] = ()
    is_needed: bool = False


COLUMNS: Mapping[Column, Told] = {
    Column.WHEN: Told(
        "When it happened: 2026-03-05, 2026-03-05 14:30 or 05.03.2026 14:30, by the tenant's clock; or with an offset, "
        "2026-03-05T14:30+01:00. A day alone counts from noon.",
        ("date", "time", "timestamp", "occurred at", "datum"),
        is_needed=True,
    ),
    Column.EVENT: Told(
        "offline_touch for what brought somebody (a call, a fair, a leaflet), purchase, refund, or the event of one of "
        "your goals.",
        ("type", "event name"),
        is_needed=True,
    ),
    Column.USER_ID: Told(
        "Who it was, as your own site or shop numbers them; never a mail address.",
        ("user", "customer id", "customer"),
    ),
    Column.EMAIL: Told(
        "Or the address of a contact that is known here. The warehouse gets the contact's number, never the address.",
        ("mail", "email address", "e-mail"),
    ),
    Column.CHANNEL: Told(
        "What the touch came by: a channel such as referral or display, or a word of your own such as fair, which counts "
        "as “other”. Needed for offline_touch.",
        ("medium", "utm medium"),
    ),
    Column.CAMPAIGN: Told("The campaign it belongs to, by its utm_campaign.", ("utm campaign",)),
    Column.VALUE: Told(
        "What it was worth: 1234.50 or 1234,50, without a sign.",
        ("amount", "revenue", "price", "total", "betrag"),
    ),
    Column.CURRENCY: Told("Of the value, such as EUR; empty is the goal's or the tenant's.", ("währung",)),
    Column.ORDER_ID: Told(
        "The order's number. A refund that names it takes the credit back from those who earned it.",
        ("order", "order number"),
    ),
    Column.REFERENCE: Told(
        "Your own name for the row, such as a receipt's number: with the event, it is added once, whatever else changes.",
        ("ref", "id", "receipt"),
    ),
}


def column(heading: str) -> Column | None:
    """The column that a heading names, however it is spelt."""
    return _BY_SPELLING.get(_squeezed(heading))


def template(today: date) -> str:
    """A list to begin with: one touch, the sale that came of it, and what was given back, on days just past."""
    first, second, third = (str(today - timedelta(days=ago)) for ago in (9, 6, 2))
    rows: Sequence[Mapping[str, str]] = (
        {
            Column.WHEN: f"{first} 10:30",
            Column.EVENT: "offline_touch",
            Column.USER_ID: "customer-1",
            Column.CHANNEL: "fair",
            Column.CAMPAIGN: "spring",
            Column.REFERENCE: "fair-0001",
        },
        {
            Column.WHEN: f"{second} 16:05",
            Column.EVENT: "purchase",
            Column.USER_ID: "customer-1",
            Column.VALUE: "120.00",
            Column.CURRENCY: "EUR",
            Column.ORDER_ID: "shop-0001",
            Column.REFERENCE: "receipt-0001",
        },
        {
            Column.WHEN: third,
            Column.EVENT: "refund",
            Column.USER_ID: "customer-1",
            Column.VALUE: "20.00",
            Column.CURRENCY: "EUR",
            Column.ORDER_ID: "shop-0001",
            Column.REFERENCE: "receipt-0002",
        },
    )
    written = io.StringIO(newline="")
    headings: list[str] = list(Column)
    lines = csv.DictWriter(written, headings)
    lines.writeheader()
    lines.writerows(rows)
    return written.getvalue()


def _squeezed(heading: str) -> str:
    return "".join(heading.casefold().split()).replace("_", "").replace("-", "")


_BY_SPELLING: Mapping[str, Column] = {
    _squeezed(spelling): name for name, told in COLUMNS.items() for spelling in (name.value, *told.also)
}
