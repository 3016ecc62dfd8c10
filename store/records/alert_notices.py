"""Whom an alert is told, by which sink, and how far that has come: claimed with SKIP LOCKED, tried again, given up."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from store.clock import now
from store.records.actions import Action
from store.records.alerts import Alert, AlertNotice, Sink
from store.records.people import MemberRole, Membership, User
from store.records.schema import TenantId, UserId
from store.records.tenants import Tenant

# A watcher that dies while it tells leaves the notice to the next one after this long.
LEASE = timedelta(minutes=2)
# With the pauses between them, half a day.
MOST_ATTEMPTS = 16
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Notice:
    """What one watcher alone tells now; `to` is the mail address of one who is to know, or None."""

    id: int
    sink: str
    alert: Alert
    tenant_name: str
    user: UserId | None
    to: str | None


def plan(session: Session, raised: Iterable[Alert], sinks: Collection[str], *, house_mail: bool) -> None:
    """A notice for each sink and, by mail, for each person: the tenant's Admins and who wrote the action.

    What concerns the house goes to the one address that the settings name.
    """
    for alert in raised:
        for sink in sinks:
            if sink != Sink.MAIL:
                _add(session, alert, sink)
            elif alert.tenant_id is not None:
                for user in _readers(session, alert, alert.tenant_id):
                    _add(session, alert, sink, user)
            elif house_mail:
                _add(session, alert, sink)
    session.flush()


def claim(session: Session, sinks: Collection[str]) -> Notice | None:
    """The notice that has waited longest; whoever claims it tells it, or another does when that takes too long."""
    row = session.scalars(
        select(AlertNotice)
        .where(
            AlertNotice.told_at.is_(None),
            AlertNotice.given_up_at.is_(None),
            AlertNotice.next_attempt_at <= now(),
            AlertNotice.sink.in_(sinks),
        )
        .order_by(AlertNotice.next_attempt_at, AlertNotice.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    if row is None:
        return None
    row.attempts += 1
    row.next_attempt_at = now() + LEASE
    alert = session.get_one(Alert, row.alert_id)
    name = session.scalar(select(Tenant.name).where(Tenant.id == alert.tenant_id))
    address = session.scalar(select(User.email).where(User.id == row.user_id, User.disabled_at.is_(None)))
    return Notice(row.id, row.sink, alert, name or "", row.user_id, address)


def told(session: Session, notice: Notice) -> None:
    row = session.get_one(AlertNotice, notice.id)
    row.told_at, row.error = now(), ""


def not_told(session: Session, notice: Notice, error: str, *, for_good: bool) -> bool:
    """Tries again later, in growing steps; gives True when that was the last time."""
    row = session.get_one(AlertNotice, notice.id)
    row.error = error[:LONGEST_ERROR]
    if for_good or row.attempts >= MOST_ATTEMPTS:
        row.given_up_at = now()
        return True
    row.next_attempt_at = _next_attempt(row.attempts)
    return False


def _next_attempt(attempts: int) -> datetime:
    return now() + min(FIRST_PAUSE * 2 ** min(attempts - 1, 20), LONGEST_PAUSE)


def _add(session: Session, alert: Alert, sink: str, user: UserId | None = None) -> None:
    session.add(AlertNotice(alert_id=alert.id, sink=sink, user_id=user, attempts=0, next_attempt_at=now()))


def _readers(session: Session, alert: Alert, tenant: TenantId) -> list[UserId]:
    wrote = select(Action.author_id).where(Action.tenant_id == tenant, Action.id == alert.action_id)
    may_read = or_(
        Membership.role == MemberRole.ADMIN,
        Membership.user_id.in_(wrote.where(Action.author_id.is_not(None))),
    )
    return [
        UserId(user)
        for user in session.scalars(
            select(User.id)
            .join(Membership, and_(Membership.user_id == User.id, Membership.tenant_id == tenant))
            .where(may_read, User.disabled_at.is_(None))
            .order_by(User.id)
        )
    ]
