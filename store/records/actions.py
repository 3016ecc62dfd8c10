"""Actions: anything that leaves the house, its states, its frozen versions and every legal move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from datetime import time as TimeOfDay
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypedDict, Unpack
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ColumnElement,
    Computed,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    Row,
    String,
    Text,
    UniqueConstraint,
    and_,
    cast,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import asset_uses, audit_log
from store.records.action_states import MOVES, Move, State
from store.records.schedules import ANY_TIME, Schedule, SendWindow
from store.records.schema import (
    ActionId,
    CampaignId,
    ContactId,
    Record,
    StandingId,
    TenantId,
    TenantOwned,
    UserId,
    belongs_to,
    enumerated,
    key_for_children,
    one_of,
)


class ActionType(StrEnum):
    EMAIL = "email"
    SOCIAL_POST = "social_post"
    CMS_WEBHOOK = "cms_webhook"
    CHAT_MESSAGE = "chat_message"
    AD_CHANGE = "ad_change"
    CONVERSION_REPORT = "conversion_report"
    TEXT_MESSAGE = "text_message"
    LINK_CHANGE = "link_change"
    SEQUENCE = "sequence"
    GENERIC = "generic"


class Channel(StrEnum):
    """What carries an action out of the house; a kill switch can stop one."""

    SMTP = "smtp"
    CMS = "cms"
    CHAT = "chat"
    LINKS = "links"
    GOOGLE_ADS = "google_ads"
    META = "meta"
    LINKEDIN = "linkedin"
    TIKTOK = "tiktok"
    TIKTOK_ACCOUNT = "tiktok_account"
    REDDIT = "reddit"
    YOUTUBE = "youtube"
    BUFFER = "buffer"
    X = "x"
    SMS = "sms"
    BY_HAND = "by_hand"


class Purpose(StrEnum):
    """Why someone is written to, and what allows it: decides whom the action may reach."""

    MARKETING = "marketing_by_consent"
    CONTRACT = "contract"
    LEGITIMATE_INTEREST = "legitimate_interest"


class Source(StrEnum):
    PERSON = "person"
    AGENT = "agent"
    OPTIMISER = "optimiser"


# What an action is found by, in small letters: its title or, without one, the first words of its payload.
CALLED_BY = ("subject", "text", "event", "slug", "name", "what")
_FIRST_WORDS = " || ' ' || ".join(f"coalesce(left(payload ->> '{name}', 200), '')" for name in CALLED_BY)
CALLED = f"lower(case when title = '' then left({_FIRST_WORDS}, 500) else title end)"
WAITING = "state = 'pending_approval'"
LISTED_BY = ("state", "type", "campaign_id", "author_id", "source")


class IllegalMove(Exception):
    """The action's state does not allow this; says what it is and what would be allowed."""

    def __init__(self, action: "Action", move: Move) -> None:
        allowed = [m.value for m, (sources, _) in MOVES.items() if action.state in sources]
        can = f"it can {', '.join(allowed)}" if allowed else "it is settled"
        super().__init__(f"Action {action.id} is {action.state}: cannot {move}; {can}.")
        self.state = action.state


class Action(TenantOwned, Record):
    __tablename__ = "actions"
    __table_args__ = (
        key_for_children(),
        belongs_to("campaigns", "campaign_id", ondelete="RESTRICT"),
        belongs_to("standing_approvals", "standing_id", ondelete="RESTRICT", both_ways=True),
        one_of("type", ActionType),
        one_of("channel", Channel),
        one_of("purpose", Purpose),
        one_of("source", Source),
        one_of("state", State),
        CheckConstraint("budget_cap > 0", name="budget_cap"),
        CheckConstraint(
            "(window_opens is null) = (window_closes is null) and (window_opens is null "
            "or window_opens < window_closes and jsonb_array_length(window_days) > 0)",
            name="window",
        ),
        # What lists are filtered by, newest first; the calendar reads by the moment.
        *(Index(f"ix_actions_listed_by_{column}", "tenant_id", column, "id") for column in LISTED_BY),
        Index("ix_actions_touched", "tenant_id", "updated_at", "id"),
        # Words are looked for in the index alone, which is a tenth of the table.
        Index("ix_actions_called", "tenant_id", "id", postgresql_include=["called"]),
        Index("ix_actions_due", "tenant_id", "due_at", postgresql_where=text("due_at is not null")),
        # The inbox: what waits was touched last when it was asked for.
        *(
            Index(f"ix_actions_waiting_{name}", "tenant_id", column, "id", postgresql_where=text(WAITING))
            for name, column in (("asked", "updated_at"), ("expiring", "expires_at"))
        ),
    )

    type: Mapped[ActionType] = mapped_column(enumerated(ActionType, 40))
    channel: Mapped[Channel] = mapped_column(enumerated(Channel, 40))
    title: Mapped[str] = mapped_column(String(200), server_default="")
    purpose: Mapped[Purpose] = mapped_column(enumerated(Purpose, 40))
    source: Mapped[Source] = mapped_column(enumerated(Source, 20), server_default="person")
    campaign_id: Mapped[CampaignId | None] = mapped_column(index=True)
    payload: Mapped[dict[str, Any]]
    dry_run: Mapped[bool] = mapped_column(server_default="false")
    state: Mapped[State] = mapped_column(enumerated(State, 30), server_default="draft", index=True)
    version: Mapped[int] = mapped_column(Integer, server_default="0")
    due_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(String(64), server_default="UTC")
    window_opens: Mapped[TimeOfDay | None]
    window_closes: Mapped[TimeOfDay | None]
    window_days: Mapped[list[int]] = mapped_column(JSONB, server_default="[]")
    budget_cap: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    provenance: Mapped[list[dict[str, str]]] = mapped_column(JSONB, server_default="[]")
    standing_id: Mapped[StandingId | None]
    expires_at: Mapped[datetime | None]
    author_id: Mapped[UserId | None] = mapped_column(ForeignKey("users.id"))
    outcome: Mapped[dict[str, Any] | None]
    updated_at: Mapped[datetime]
    called: Mapped[str] = mapped_column(Text, Computed(CALLED, persisted=True), deferred=True)

    @property
    def schedule(self) -> Schedule:
        window = None
        if self.window_opens is not None and self.window_closes is not None:
            window = SendWindow(self.window_opens, self.window_closes, frozenset(self.window_days))
        return Schedule(self.due_at, ZoneInfo(self.time_zone), window)

    def follow(self, schedule: Schedule) -> None:
        self.due_at, self.time_zone, window = schedule.due_at, schedule.zone.key, schedule.window
        self.window_opens = window.opens if window else None
        self.window_closes = window.closes if window else None
        self.window_days = sorted(window.days) if window else []


class ActionVersion(TenantOwned, Record):
    """What was frozen at a submission: an approval is a vote on `manifest_hash`."""

    __tablename__ = "action_versions"
    __table_args__ = (
        key_for_children(),
        UniqueConstraint("tenant_id", "action_id", "version"),
        belongs_to("actions", "action_id"),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    manifest: Mapped[dict[str, Any]]
    manifest_hash: Mapped[bytes] = mapped_column(LargeBinary(32))
    submitted_by: Mapped[UserId | None] = mapped_column(ForeignKey("users.id"))


# Joins an action to its version as it stands.
IS_CURRENT = and_(
    ActionVersion.tenant_id == Action.tenant_id,
    ActionVersion.action_id == Action.id,
    ActionVersion.version == Action.version,
)


class ActionRecipient(TenantOwned, Record):
    """One leaf of a frozen audience; `leaf` stays true when `values` are erased, and not all are people."""

    __tablename__ = "action_recipients"
    __table_args__ = (
        UniqueConstraint("tenant_id", "action_id", "version", "recipient_key"),
        belongs_to("actions", "action_id"),
        belongs_to("contacts", "contact_id", ondelete="RESTRICT"),
    )

    action_id: Mapped[ActionId]
    version: Mapped[int] = mapped_column(Integer)
    recipient_key: Mapped[str] = mapped_column(String(64))
    contact_id: Mapped[ContactId | None]
    values: Mapped[dict[str, Any]]
    leaf: Mapped[bytes] = mapped_column(LargeBinary(32))


@dataclass(frozen=True, slots=True)
class Leaf:
    """A recipient as it was frozen; one that is no person, such as a page or an account, has no contact."""

    recipient_key: str
    contact_id: ContactId | None
    values: dict[str, Any]
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frozen:
    """A manifest with its hash and its recipients, ready to be submitted; a request for approval holds so long."""

    manifest: dict[str, Any]
    hash: bytes
    leaves: Sequence[Leaf]
    holds: timedelta


def create(
    session: Session,
    tenant: TenantId,
    actor: Actor,
    *,
    type: ActionType,
    channel: Channel,
    payload: dict[str, Any],
    purpose: Purpose,
    title: str = "",
    author: UserId | None = None,
    source: Source = Source.PERSON,
    campaign: CampaignId | None = None,
    schedule: Schedule = ANY_TIME,
    budget_cap: Decimal | None = None,
    provenance: Sequence[dict[str, str]] = (),
    standing: StandingId | None = None,
    dry_run: bool = False,
) -> Action:
    """A new draft."""
    action = Action(
        tenant_id=tenant,
        type=type,
        channel=channel,
        title=title,
        purpose=purpose,
        source=source,
        campaign_id=campaign,
        payload=payload,
        budget_cap=budget_cap,
        provenance=list(provenance),
        standing_id=standing,
        dry_run=dry_run,
        author_id=author,
        state=State.DRAFT,
        version=0,
        updated_at=now(),
    )
    action.follow(schedule)
    session.add(action)
    session.flush()
    asset_uses.keep(session, tenant, ActionId(action.id), payload, provenance)
    audit_log.append(
        session, tenant, actor, "create", "action", action.id, {}, {"state": State.DRAFT, "type": type}
    )
    return action


def locked(session: Session, tenant: TenantId, action_id: ActionId) -> Action | None:
    """The action under a row lock, as it is now; None when the tenant has no such action."""
    return session.scalars(
        select(Action)
        .where(Action.tenant_id == tenant, Action.id == action_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def move(session: Session, action: Action, step: Move, actor: Actor, **details: Any) -> None:
    """Takes one legal step and writes it to the audit chain; the caller holds the row lock."""
    sources, target = MOVES[step]
    if action.state not in sources:
        raise IllegalMove(action, step)
    before = {"state": action.state, "version": action.version}
    action.state = target
    action.updated_at = now()
    audit_log.append(
        session,
        action.tenant_id,
        actor,
        step,
        "action",
        action.id,
        before,
        {"state": target, "version": action.version, **details},
    )
    session.flush()


def submit(
    session: Session, action: Action, frozen: Frozen, actor: Actor, *, by: UserId | None
) -> ActionVersion:
    """Freezes version n+1 and asks for approval; earlier votes do not count for it."""
    if action.state not in MOVES[Move.SUBMIT][0]:
        raise IllegalMove(action, Move.SUBMIT)
    action.version += 1
    action.expires_at = expires_at = now() + frozen.holds
    version = ActionVersion(
        tenant_id=action.tenant_id,
        action_id=action.id,
        version=action.version,
        manifest=frozen.manifest,
        manifest_hash=frozen.hash,
        submitted_by=by,
    )
    session.add(version)
    _keep_audience(session, action, frozen.leaves)
    move(
        session,
        action,
        Move.SUBMIT,
        actor,
        manifest_hash=frozen.hash.hex(),
        recipients=len(frozen.leaves),
        expires_at=expires_at.isoformat(),
    )
    return version


def _keep_audience(session: Session, action: Action, leaves: Sequence[Leaf]) -> None:
    """In one statement, since there may be a hundred thousand."""
    columns: dict[str, ColumnElement[Any]] = {
        "recipient_key": cast([leaf.recipient_key for leaf in leaves], ARRAY(String)),
        "contact_id": cast([leaf.contact_id for leaf in leaves], ARRAY(BigInteger)),
        "values": cast([leaf.values for leaf in leaves], ARRAY(JSONB)),
        "leaf": cast([leaf.hash for leaf in leaves], ARRAY(LargeBinary)),
    }
    session.execute(
        insert(ActionRecipient).from_select(
            ["tenant_id", "action_id", "version", *columns],
            select(
                literal(action.tenant_id, BigInteger),
                literal(action.id, BigInteger),
                literal(action.version),
                *map(func.unnest, columns.values()),
            ),
        )
    )


class Changes(TypedDict, total=False):
    """What of an action may be changed beside its payload."""

    title: str
    schedule: Schedule
    budget_cap: Decimal | None
    purpose: Purpose
    campaign_id: CampaignId | None
    standing_id: StandingId | None
    dry_run: bool


def edit(
    session: Session,
    action: Action,
    actor: Actor,
    payload: dict[str, Any],
    channel: Channel,
    **changes: Unpack[Changes],
) -> None:
    """New content: a draft again, so that nothing is sent on a vote for the old one."""
    move(session, action, Move.EDIT, actor, changed=sorted(["payload", *changes]))
    action.payload, action.channel = payload, channel
    asset_uses.keep(session, action.tenant_id, ActionId(action.id), payload, action.provenance)
    if "schedule" in changes:
        action.follow(changes.pop("schedule"))
    for name, value in changes.items():
        setattr(action, name, value)


def of_number(session: Session, tenant: TenantId, action_id: ActionId) -> Action | None:
    return session.scalars(
        select(Action).where(Action.tenant_id == tenant, Action.id == action_id)
    ).one_or_none()


def current_version(session: Session, action: Action) -> ActionVersion | None:
    return version_of(session, action, action.version)


def version_of(session: Session, action: Action, version: int) -> ActionVersion | None:
    return session.scalars(
        select(ActionVersion).where(
            ActionVersion.tenant_id == action.tenant_id,
            ActionVersion.action_id == action.id,
            ActionVersion.version == version,
        )
    ).one_or_none()


def frozen_audience(session: Session, action: Action) -> list[Row[tuple[bytes, dict[str, Any]]]]:
    """Hash and values of each leaf of the current version; as bare rows, since there may be a hundred thousand."""
    return list(
        session.execute(
            select(ActionRecipient.leaf, ActionRecipient.values).where(
                ActionRecipient.tenant_id == action.tenant_id,
                ActionRecipient.action_id == action.id,
                ActionRecipient.version == action.version,
            )
        )
    )


def twins(session: Session, action: Action, since: datetime) -> list[tuple[int, State]]:
    """Other actions of the same type and the very same payload that went, or may yet go, since then: the latest three."""
    rows = session.execute(
        select(Action.id, Action.state)
        .where(
            Action.tenant_id == action.tenant_id,
            Action.type == action.type,
            Action.id != action.id,
            Action.updated_at >= since,
            Action.payload == action.payload,
            Action.dry_run.is_(False),
            Action.state.in_(_MAY_BE_READ),
        )
        .order_by(Action.id.desc())
        .limit(3)
    )
    return list(rows.tuples())


_MAY_BE_READ = (
    State.PENDING_APPROVAL,
    State.APPROVED,
    State.EXECUTING,
    State.HELD,
    State.SUCCEEDED,
    State.PARTIALLY_FAILED,
)


def lapsed(session: Session) -> list[tuple[TenantId, ActionId]]:
    """Requests and approvals whose time has run out."""
    rows = session.execute(
        select(Action.tenant_id, Action.id).where(
            Action.state.in_(MOVES[Move.EXPIRE][0]), Action.expires_at < now()
        )
    )
    return [(row.tenant_id, ActionId(row.id)) for row in rows]
