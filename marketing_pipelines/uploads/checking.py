"""Checking a list: which rows are right and which event each becomes, and what is wrong with the others. Pure."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from marketing_pipelines.email import addresses
from marketing_pipelines.uploads import cells, reading
from marketing_pipelines.uploads.cells import Moment, Wrong
from marketing_pipelines.uploads.columns import Column
from marketing_pipelines.uploads.reading import Problem, Row, Sheet
from store.records.contacts import normalised
from store.records.schema import ContactId

TOUCH, PURCHASE, REFUND = "offline_touch", "purchase", "refund"
# What others tell of, each in its own way: uploaded, they would be counted as what they are not.
OTHERS_TELL = frozenset(
    {"page_view", "click", "exposure", "email_open", "email_click", "ad_click", "ad_impression"}
)
LONGEST_IDENTIFIER = 128
LONGEST_TAG = 255
MOST_PROBLEMS = 200
MOST_CHANNELS = 50
# Building may come some days after checking.
SAFELY_KEPT = timedelta(days=3)
_YEAR_2000 = date(2000, 1, 1)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rows of a tenant are measured by. `refunds` are those events that take back."""

    zone: ZoneInfo
    now: datetime
    kept_days: int
    goals: frozenset[str]
    refunds: frozenset[str]

    @property
    def events(self) -> frozenset[str]:
        return (frozenset({TOUCH, PURCHASE, REFUND}) | self.goals | self.refunds) - OTHERS_TELL

    @property
    def oldest(self) -> date:
        """The first day that the warehouse still builds when a run comes to it."""
        return max(self.now.date() - timedelta(days=self.kept_days) + SAFELY_KEPT, _YEAR_2000)


@dataclass(frozen=True, slots=True)
class Line:
    """A right row as the event that it becomes. `said_at` tells rows apart whose moment depends on when they are read."""

    line: int
    event: str
    occurred_at: datetime
    said_at: str
    user_id: str = ""
    contact: ContactId | None = None
    source: str = ""
    medium: str = ""
    campaign: str = ""
    value: Decimal | None = None
    currency: str = ""
    order_id: str = ""
    reference: str = ""
    event_id: str = ""

    def kept(self) -> dict[str, Any]:
        """As it waits for somebody to confirm it; what is empty is left out."""
        said = {
            "line": self.line,
            "event_id": self.event_id,
            "event": self.event,
            "at": int(self.occurred_at.timestamp() * 1000),
            "user_id": self.user_id,
            "contact_id": self.contact,
            "source": self.source,
            "medium": self.medium,
            "campaign": self.campaign,
            "value": None if self.value is None else f"{self.value:.4f}",
            "currency": self.currency,
            "order_id": self.order_id,
            "reference": self.reference,
        }
        return {name: value for name, value in said.items() if value not in ("", None)}


@dataclass(frozen=True, slots=True)
class Found:
    """A list that was checked: its right lines in their order, and how many others there are, the first of them named."""

    lines: Sequence[Line]
    wrong: int
    problems: Sequence[Problem]
    unread: Sequence[str]


def named_addresses(sheet: Sheet) -> frozenset[str]:
    """The mail addresses in the list, as contacts have them, to be looked up all at once."""
    return frozenset(normalised(row[Column.EMAIL]) for row in sheet.rows if row[Column.EMAIL])


def check(sheet: Sheet, terms: Terms, contacts: Mapping[str, ContactId]) -> Found:
    """What becomes of each row; `contacts` are the numbers of those addresses that are known."""
    problems = list(sheet.problems)
    lines, by_reference = list[Line](), dict[tuple[str, str], int]()
    for row in sheet.rows:
        reader = _Reader(row, terms, contacts)
        line = reader.line()
        if line and line.reference:
            first = by_reference.setdefault((line.event, line.reference), line.line)
            if first != line.line:
                reader.complain(
                    Column.REFERENCE, f"is that of line {first} too; give each row its own, or none"
                )
        problems += reader.problems
        if line and not reader.problems:
            lines.append(line)
    wrong = len({problem.line for problem in problems})
    first = sorted(problems, key=lambda problem: problem.line)[:MOST_PROBLEMS]
    return Found(_named(lines), wrong, first, sheet.unread)


def summary(found: Found, known: Collection[str]) -> dict[str, Any]:
    """What the right lines amount to, for whoever is to confirm them; `known` have been added by an earlier upload."""
    lines = found.lines
    amounts: defaultdict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.value is not None:
            amounts[line.event, line.currency] += line.value
    channels = Counter(
        (line.medium or line.source, cells.Tag(line.source, line.medium).channel.value)
        for line in lines
        if line.event == TOUCH
    )
    days = sorted(line.occurred_at for line in lines)
    return {
        "events": dict(Counter(line.event for line in lines).most_common()),
        "amounts": [
            {"event": event, "currency": currency, "value": f"{value:f}"}
            for (event, currency), value in sorted(amounts.items())
        ],
        "channels": [
            {"said": said, "channel": channel, "lines": count}
            for (said, channel), count in channels.most_common(MOST_CHANNELS)
        ],
        "people": len({line.user_id or line.contact for line in lines} - {None}),
        "of_nobody": sum(not line.user_id and line.contact is None for line in lines),
        "first": days[0].isoformat() if days else None,
        "last": days[-1].isoformat() if days else None,
        "known": sum(line.event_id in known for line in lines),
        "unread": list(found.unread),
    }


class _Reader:
    """One row, read cell by cell; what is wrong with it gathers in `problems`."""

    def __init__(self, row: Row, terms: Terms, contacts: Mapping[str, ContactId]) -> None:
        self.problems = list[Problem]()
        self._row = row
        self._terms = terms
        self._contacts = contacts

    def line(self) -> Line | None:
        for column, cell in self._row.cells.items():
            if reason := reading.unfit(cell):
                self.complain(column, reason)
        if self.problems:
            return None
        event, moment = self._event(), self._moment()
        user_id, contact = self._identifier(Column.USER_ID), self._contact()
        source, medium = self._tag(event)
        value = self._value(event)
        line = Line(
            line=self._row.line,
            event=event,
            occurred_at=moment.at if moment else self._terms.now,
            said_at=moment.said if moment else "",
            user_id=user_id,
            contact=contact,
            source=source,
            medium=medium,
            campaign=self._identifier(Column.CAMPAIGN, LONGEST_TAG),
            value=value,
            currency=self._currency(),
            order_id=self._identifier(Column.ORDER_ID),
            reference=self._identifier(Column.REFERENCE),
        )
        return None if self.problems else line

    def complain(self, column: Column, reason: str) -> None:
        self.problems.append(Problem(self._row.line, column.value, f"{column.value} {reason}."))

    def _event(self) -> str:
        cell, events = self._row[Column.EVENT], self._terms.events
        if not cell:
            self.complain(Column.EVENT, "is empty; say what happened, such as purchase")
        elif cell.casefold() in OTHERS_TELL:
            self.complain(
                Column.EVENT, "is told by the pixel, links or mails themselves; write offline_touch"
            )
        else:
            spelt = {event.casefold(): event for event in sorted(events)} | {event: event for event in events}
            event = spelt.get(cell) or spelt.get(cell.casefold())
            if event:
                return event
            known = ", ".join([TOUCH, PURCHASE, REFUND, *sorted(events - {TOUCH, PURCHASE, REFUND})][:12])
            self.complain(Column.EVENT, f"is nothing that any goal counts; write one of {known}")
        return ""

    def _moment(self) -> Moment | None:
        cell, terms = self._row[Column.WHEN], self._terms
        if not cell:
            self.complain(Column.WHEN, "is empty; say when it happened, such as 2026-03-05 14:30")
            return None
        try:
            moment = cells.moment(cell, terms.zone, terms.now)
            cells.refuse_beyond(moment.at, oldest=terms.oldest, now=terms.now, days=terms.kept_days)
        except Wrong as wrong:
            self.complain(Column.WHEN, str(wrong))
            return None
        return moment

    def _contact(self) -> ContactId | None:
        """The reason never repeats the address: problems are kept, and nobody could erase it there."""
        cell = self._row[Column.EMAIL]
        if not cell:
            if self._row[Column.EVENT].casefold() == TOUCH and not self._row[Column.USER_ID]:
                self.complain(
                    Column.USER_ID, "and email are empty; a touch that touched nobody brings nothing"
                )
            return None
        try:
            address = normalised(addresses.address(cell))
        except ValueError as error:
            self.complain(Column.EMAIL, str(error))
            return None
        contact = self._contacts.get(address)
        if contact is None:
            self.complain(
                Column.EMAIL,
                "is of no contact here; add them to the recipients first, or write their user_id",
            )
        return contact

    def _tag(self, event: str) -> tuple[str, str]:
        cell = self._row[Column.CHANNEL]
        if not cell:
            if event == TOUCH:
                self.complain(
                    Column.CHANNEL, "is empty; say what the touch came by, such as referral or fair"
                )
            return "", ""
        try:
            tag = cells.tag(cells.identifier(cell, LONGEST_TAG))
        except Wrong as wrong:
            self.complain(Column.CHANNEL, str(wrong))
            return "", ""
        return tag.source, tag.medium

    def _value(self, event: str) -> Decimal | None:
        cell = self._row[Column.VALUE]
        if not cell:
            return None
        if event == TOUCH:
            self.complain(
                Column.VALUE,
                "is that of a touch, which earns nothing itself; add the sale in a line of its own",
            )
            return None
        try:
            return cells.amount(cell)
        except Wrong as wrong:
            self.complain(Column.VALUE, str(wrong))
            return None

    def _currency(self) -> str:
        cell = self._row[Column.CURRENCY]
        try:
            return cells.currency(cell) if cell else ""
        except Wrong as wrong:
            self.complain(Column.CURRENCY, str(wrong))
            return ""

    def _identifier(self, column: Column, longest: int = LONGEST_IDENTIFIER) -> str:
        try:
            return cells.identifier(self._row[column], longest)
        except Wrong as wrong:
            self.complain(column, str(wrong))
            return ""


def _named(lines: Iterable[Line]) -> list[Line]:
    """Each line with the id of its event: by its own reference, or by all it says and how often the list has said that."""
    said: Counter[str] = Counter()
    named = list[Line]()
    for line in lines:
        if line.reference:
            event_id = _id("reference", line.event, line.reference)
        else:
            content = _id(
                "content", line.event, line.said_at, line.user_id, str(line.contact or ""), line.source, line.medium,
                line.campaign, "" if line.value is None else f"{line.value:.4f}", line.currency, line.order_id,
            )  # fmt: skip
            said[content] += 1
            event_id = _id("again", content, str(said[content]))
        named.append(replace(line, event_id=event_id))
    return named


def _id(*parts: str) -> str:
    return "upload-" + hashlib.blake2b(json.dumps(parts).encode(), digest_size=16).hexdigest()
