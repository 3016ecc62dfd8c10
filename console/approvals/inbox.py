"""The inbox: what waits for a signature, filtered and in order, a page at a time, and how many there are of each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, Integer, Select, and_, cast, func, literal, select, text, tuple_
from sqlalchemy.dialects.postgresql import JSONB

from console.actions.choices import Options
from console.actions.listing import title_of
from console.door.problems import nothing_here
from console.door.sign_in import Visitor
from store.clock import now
from store.records import actions, approvals
from store.records.actions import WAITING, Action, ActionType, ActionVersion
from store.records.approvals import Asked
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.people import User
from store.records.policies import Risk, Signing
from store.records.schema import ActionId

PAGE = 25
# A tab says no more than that there are so many.
MOST_COUNTED = 100
MOST_AUTHORS = 200
PROGRAMS = "programs"
URGENT = timedelta(hours=4)
_CURSOR = re.compile(r"(\d{1,17})-(\d{1,19})")


class Whose(StrEnum):
    """Which of them: those that want the visitor's own signature, or all."""

    MINE = "mine"
    ALL = "all"


class Order(StrEnum):
    LONGEST_WAITING = "waiting"
    EXPIRING_FIRST = "expiring"


@dataclass(frozen=True, slots=True)
class Sought:
    """What of the inbox is shown; what is None or empty leaves nothing out. `expires` is in hours."""

    whose: Whose = Whose.ALL
    type: ActionType | None = None
    risk: Risk | None = None
    campaign: int | None = None
    author: str = ""
    expires: int | None = None
    order: Order = Order.LONGEST_WAITING

    @property
    def is_narrowed(self) -> bool:
        return any((self.type, self.risk, self.campaign, self.author, self.expires))

    def as_query(self, **changes: Any) -> str:
        """The address of the inbox under this filter, with some of it changed; None takes it away."""
        said = {each.name: getattr(self, each.name) for each in fields(self)} | changes
        if said["order"] is Order.LONGEST_WAITING:
            said["order"] = None
        query = urlencode({name: str(value) for name, value in said.items() if value})
        return f"/approvals?{query}" if query else "/approvals"

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.type is not None:
            yield Action.type == self.type
        if self.risk is not None:
            yield ActionVersion.manifest["risk"]["level"].astext == self.risk.value
        if self.campaign is not None:
            yield Action.campaign_id == self.campaign
        if self.author == PROGRAMS:
            yield Action.author_id.is_(None)
        elif self.author:
            yield Action.author_id == int(self.author)
        if self.expires is not None:
            yield Action.expires_at < now() + timedelta(hours=self.expires)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A request as a line of the inbox; `signed` of `needed` signatures are there."""

    id: ActionId
    type: ActionType
    title: str
    author: str | None
    is_mine: bool
    campaign: str | None
    campaign_id: int | None
    recipients: int
    risk: str
    cost: Decimal
    currency: str
    findings: int
    dry_run: bool
    asked_at: datetime
    expires_at: datetime
    signed: int
    needed: int

    @property
    def is_urgent(self) -> bool:
        return self.expires_at - now() < URGENT

    @property
    def has_lapsed(self) -> bool:
        """Nothing can be signed any more, though nobody has swept it away yet."""
        return self.expires_at <= now()


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the inbox, and where the next one begins if there is one."""

    items: Sequence[Waiting]
    next_cursor: str | None


def page(session: Session, visitor: Visitor, sought: Sought, cursor: str = "", limit: int = PAGE) -> Page:
    """Keyset by the moment that the order goes by, neither of which changes while something waits."""
    by = Action.expires_at if sought.order is Order.EXPIRING_FIRST else Action.updated_at
    query = _lines(visitor, sought).order_by(by, Action.id)
    if cursor:
        moment, number = _place(cursor)
        query = query.where(tuple_(by, Action.id) > tuple_(literal(moment), literal(number)))
    rows = session.execute(query.limit(limit + 1)).all()
    shown = rows[:limit]
    asked = [
        Asked(
            row.Action.id,
            row.Action.version,
            row.manifest_hash,
            row.Action.author_id,
            Signing.of({"signing": row.signing}),
        )
        for row in shown
    ]
    tallies = approvals.tallies(session, visitor.tenant, asked)
    items = [
        _line(visitor, row, tallies[each.action_id], each.signing.quorum)
        for row, each in zip(shown, asked, strict=True)
    ]
    return Page(items, _cursor_after(items[-1], sought.order) if len(rows) > limit else None)


def counts(session: Session, visitor: Visitor, sought: Sought) -> dict[Whose, int]:
    """How many are behind each tab under the rest of the filter, up to a hundred."""
    return {whose: _count(session, visitor, sought, whose) for whose in Whose}


def authors(session: Session, visitor: Visitor) -> Options:
    """Whose work waits."""
    query = (
        select(Action.author_id, User.name)
        .outerjoin(User, User.id == Action.author_id)
        .where(Action.tenant_id == visitor.tenant, text(f"actions.{WAITING}"))
        .distinct()
        .order_by(User.name)
        .limit(MOST_AUTHORS)
    )
    return [
        (str(row.author_id), row.name) if row.author_id is not None else (PROGRAMS, "A program")
        for row in session.execute(query)
    ]


def _count(session: Session, visitor: Visitor, sought: Sought, whose: Whose) -> int:
    some = _found(select(Action.id), visitor, sought, whose).limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(some)) or 0


def _lines(visitor: Visitor, sought: Sought) -> Select[Any]:
    """Of a manifest only what the list says: the words in it may be large."""
    manifest = ActionVersion.manifest
    columns = select(
        Action,
        ActionVersion.manifest_hash.label("manifest_hash"),
        manifest["recipients"]["count"].as_integer().label("recipients"),
        manifest["risk"]["level"].astext.label("risk"),
        manifest["cost"].label("cost"),
        manifest["signing"].label("signing"),
        cast(func.jsonb_array_length(func.coalesce(manifest["findings"], cast([], JSONB))), Integer).label(
            "findings"
        ),
        User.name.label("author"),
        Campaign.name.label("campaign"),
    )
    return (
        _found(columns, visitor, sought, sought.whose)
        .outerjoin(User, User.id == Action.author_id)
        .outerjoin(Campaign, and_(Campaign.tenant_id == Action.tenant_id, Campaign.id == Action.campaign_id))
    )


def _found(columns: Select[Any], visitor: Visitor, sought: Sought, whose: Whose) -> Select[Any]:
    """The state is written out, so that every plan may use the indexes of what waits."""
    query = columns.join(ActionVersion, actions.IS_CURRENT).where(
        Action.tenant_id == visitor.tenant, text(f"actions.{WAITING}"), *sought.conditions()
    )
    return query.where(approvals.signable_by(visitor.user, visitor.role)) if whose is Whose.MINE else query


def _line(visitor: Visitor, row: Any, signed: int, needed: int) -> Waiting:
    action: Action = row.Action
    cost = row.cost or {}
    assert action.expires_at is not None, "what waits for approval was given a time"
    return Waiting(
        id=ActionId(action.id),
        type=action.type,
        title=title_of(action),
        author=row.author,
        is_mine=action.author_id == visitor.user,
        campaign=row.campaign,
        campaign_id=action.campaign_id,
        recipients=row.recipients,
        risk=row.risk or "",
        cost=Decimal(cost.get("amount", 0)),
        currency=cost.get("currency", ""),
        findings=row.findings,
        dry_run=action.dry_run,
        asked_at=action.updated_at,
        expires_at=action.expires_at,
        signed=signed,
        needed=needed,
    )


def _cursor_after(item: Waiting, order: Order) -> str:
    moment = item.expires_at if order is Order.EXPIRING_FIRST else item.asked_at
    since = moment.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return f"{since // timedelta(microseconds=1)}-{item.id}"


def _place(cursor: str) -> tuple[datetime, int]:
    found = _CURSOR.fullmatch(cursor)
    try:
        if found is None:
            raise ValueError(cursor)
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(found[1]))
    except (ValueError, OverflowError):
        raise nothing_here() from None
    number = int(found[2])
    if number >= 2**63:
        raise nothing_here()
    return moment, number
