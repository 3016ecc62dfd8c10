"""Turning kill switches for a visitor: what can be named, and that it is there to be stopped."""

from collections.abc import Sequence

from sqlalchemy import select

from console.door.problems import FieldError, Refused
from console.door.sign_in import Visitor
from store.records import kill_switches
from store.records.actions import ActionType, Channel
from store.records.campaigns import Campaign
from store.records.database import Session
from store.records.kill_switches import EVERYTHING, Reach, ReleaseRefused, Scope
from store.records.schema import TenantId

CHANNELS = tuple(sorted(channel.value for channel in Channel))
TYPES = tuple(sorted(type.value for type in ActionType))
_MOST_CAMPAIGNS = 200


def pull(visitor: Visitor, *, scope: str, subject: str, reason: str) -> None:
    """Stops at once."""
    with visitor.records() as session:
        reach = _checked(session, visitor, scope, subject)
        kill_switches.pull(session, visitor.actor, reach, reason.strip())


def release(visitor: Visitor, *, scope: str, subject: str, reason: str) -> bool:
    """Releases a switch, or asks for it where a second person has to agree."""
    with visitor.records() as session:
        reach = _checked(session, visitor, scope, subject)
        try:
            return kill_switches.release(session, visitor.actor, reach, reason.strip())
        except ReleaseRefused as refused:
            raise Refused(409, str(refused)) from None


def campaigns(session: Session, tenant: TenantId) -> Sequence[Campaign]:
    """The tenant's campaigns, newest first, as far as a form can show them."""
    query = select(Campaign).where(Campaign.tenant_id == tenant).order_by(Campaign.id.desc())
    return session.scalars(query.limit(_MOST_CAMPAIGNS)).all()


def _checked(session: Session, visitor: Visitor, scope: str, subject: str) -> Reach:
    """What is to be stopped, if it exists: a mistyped channel would stop nothing."""
    if scope not in set(Scope):
        raise _wrong("scope", f"must be one of {', '.join(Scope)}")
    chosen = Scope(scope)
    match chosen:
        case Scope.GLOBAL | Scope.TENANT:
            if subject != EVERYTHING:
                raise _wrong("subject", f"must be {EVERYTHING} for the scope {chosen}")
        case Scope.CHANNEL:
            if subject not in CHANNELS:
                raise _wrong("subject", f"must be one of the channels {', '.join(CHANNELS)}")
        case Scope.TYPE:
            if subject not in TYPES:
                raise _wrong("subject", f"must be one of the types {', '.join(TYPES)}")
        case Scope.CAMPAIGN:
            own = select(Campaign.id).where(Campaign.tenant_id == visitor.tenant)
            if not _is_id(subject) or session.scalar(own.where(Campaign.id == int(subject))) is None:
                raise Refused(404, "There is no such campaign.", [FieldError("subject", "no such campaign")])
    return Reach(chosen, None if chosen is Scope.GLOBAL else visitor.tenant, subject)


def _is_id(subject: str) -> bool:
    return subject.isascii() and subject.isdigit() and len(subject) < 19 and not subject.startswith("0")


def _wrong(field: str, reason: str) -> Refused:
    return Refused(422, f"{field}: {reason}", [FieldError(field, reason)])
