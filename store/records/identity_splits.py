"""Identity splits: people's decisions that a device is not somebody's, over what the warehouse has joined.

They concern visitors of a tenant's pages, whose ids may say who they are: the audit names decisions by number alone.
"""

from datetime import datetime

from sqlalchemy import FetchedValue, Index, String, delete, func, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.clock import now
from store.records import audit_log, turns
from store.records.schema import NotUsable, Record, SplitId, TenantId, TenantOwned, key_for_children

MOST_IN_FORCE = 10_000
MOST_SHOWN = 100
LONGEST_VISITOR = 128
LONGEST_PERSON = 200
LONGEST_REASON = 500
IN_FORCE = "taken_back_at is null"


class IdentitySplit(TenantOwned, Record):
    """Whoever uses the device is not this person, whatever events say."""

    __tablename__ = "identity_splits"
    __table_args__ = (
        key_for_children(),
        Index(
            "uq_identity_splits_in_force",
            "tenant_id",
            "visitor_id",
            "person_id",
            unique=True,
            postgresql_where=text(IN_FORCE),
        ),
    )

    visitor_id: Mapped[str] = mapped_column(String(LONGEST_VISITOR))
    person_id: Mapped[str] = mapped_column(String(LONGEST_PERSON))
    reason: Mapped[str] = mapped_column(String(LONGEST_REASON))
    decided_by: Mapped[str] = mapped_column(String(100))
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str | None] = mapped_column(String(100))
    # A trigger moves it: the warehouse builds anew what a decision touches, whoever made it.
    changed_at: Mapped[datetime] = mapped_column(server_default=func.now(), server_onupdate=FetchedValue())


def split(
    session: Session, tenant: TenantId, actor: Actor, visitor_id: str, person_id: str, reason: str
) -> IdentitySplit:
    """From now on, and for the past as well, the device's visits are not this person's."""
    if not reason.strip():
        raise NotUsable("Say why the device is somebody else's: others will want to know.")
    turns.take(session, turns.Turn.SPLITTING_IDENTITIES, tenant)
    mine = (IdentitySplit.tenant_id == tenant, IdentitySplit.taken_back_at.is_(None))
    if session.scalar(select(func.count()).where(*mine)) == MOST_IN_FORCE:
        raise NotUsable(f"There are {MOST_IN_FORCE} such decisions already, which is the most.")
    same = (IdentitySplit.visitor_id == visitor_id, IdentitySplit.person_id == person_id)
    if session.scalar(select(IdentitySplit.id).where(*mine, *same)) is not None:
        raise NotUsable("It is decided already that this device is not this person's.")
    decision = IdentitySplit(
        tenant_id=tenant,
        visitor_id=visitor_id,
        person_id=person_id,
        reason=reason.strip(),
        decided_by=str(actor),
    )
    session.add(decision)
    session.flush()
    audit_log.append(session, tenant, actor, "split", "identity", decision.id, {}, {})
    return decision


def take_back(session: Session, decision: IdentitySplit, actor: Actor) -> None:
    """Events decide again; the decision stays to be read."""
    if decision.taken_back_at is not None:
        raise NotUsable("This was taken back before.")
    decision.taken_back_at, decision.taken_back_by = now(), str(actor)
    session.flush()
    audit_log.append(session, decision.tenant_id, actor, "take_back", "identity", decision.id, {}, {})


def listed(
    session: Session, tenant: TenantId, *, cursor: int | None, limit: int
) -> tuple[list[IdentitySplit], int | None]:
    """A page of the decisions, newest first, those that were taken back too."""
    query = select(IdentitySplit).where(IdentitySplit.tenant_id == tenant).order_by(IdentitySplit.id.desc())
    if cursor is not None:
        query = query.where(IdentitySplit.id < cursor)
    rows = list(session.scalars(query.limit(limit + 1)))
    return rows[:limit], (rows[limit - 1].id if len(rows) > limit else None)


def of_device(session: Session, tenant: TenantId, visitor_id: str) -> list[IdentitySplit]:
    """What is decided of it and in force, the newest first."""
    query = select(IdentitySplit).where(
        IdentitySplit.tenant_id == tenant,
        IdentitySplit.visitor_id == visitor_id,
        IdentitySplit.taken_back_at.is_(None),
    )
    return list(session.scalars(query.order_by(IdentitySplit.id.desc()).limit(MOST_SHOWN)))


def named(session: Session, tenant: TenantId, decision: SplitId) -> IdentitySplit | None:
    return session.scalars(
        select(IdentitySplit).where(IdentitySplit.tenant_id == tenant, IdentitySplit.id == decision)
    ).one_or_none()


def locked(session: Session, tenant: TenantId, decision: SplitId) -> IdentitySplit | None:
    """The decision under a row lock, as it is now."""
    return session.scalars(
        select(IdentitySplit)
        .where(IdentitySplit.tenant_id == tenant, IdentitySplit.id == decision)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def forget(session: Session, tenant: TenantId, address: str) -> None:
    """Takes away what names whoever had this address: sites may use addresses as ids, and reasons may say them."""
    mine = IdentitySplit.tenant_id == tenant
    ids = (func.lower(IdentitySplit.visitor_id), func.lower(IdentitySplit.person_id))
    # As it is, or behind what kind of id it is, such as `user:`.
    is_theirs = (or_(said == address, said.endswith(f":{address}", autoescape=True)) for said in ids)
    session.execute(delete(IdentitySplit).where(mine, or_(*is_theirs)))
    says_it = func.strpos(func.lower(IdentitySplit.reason), address) > 0
    session.execute(update(IdentitySplit).where(mine, says_it).values(reason=""))
