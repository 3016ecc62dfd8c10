"""What a person does with API keys; each function is one transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import select

from console.door.problems import Refused, nothing_here
from console.door.sign_in import Visitor
from store.records import api_keys
from store.records.api_keys import ApiKey, Scope
from store.records.people import MemberRole
from store.records.schema import ApiKeyId, NotUsable


def make(
    visitor: Visitor, name: str, scopes: Collection[Scope], expires_at: datetime | None
) -> tuple[ApiKey, str]:
    """A key of one's own and its secret, which is not kept with the answer either."""
    if visitor.once is not None:
        visitor.once.shown_once = True
    with visitor.records() as session:
        try:
            return api_keys.make(
                session, visitor.tenant, visitor.user, name=name, scopes=scopes, expires_at=expires_at
            )
        except NotUsable as unusable:
            raise Refused(422, str(unusable)) from None


def listed(
    visitor: Visitor, *, everyones: bool, cursor: int | None, limit: int
) -> tuple[Sequence[ApiKey], int | None]:
    """A page of one's own keys, or of everyone's to an Admin, newest first."""
    if everyones and visitor.role is not MemberRole.ADMIN:
        raise Refused(403, "Only an Admin sees the keys of others.")
    query = select(ApiKey).where(ApiKey.tenant_id == visitor.tenant).order_by(ApiKey.id.desc())
    if not everyones:
        query = query.where(ApiKey.user_id == visitor.user)
    if cursor:
        query = query.where(ApiKey.id < cursor)
    with visitor.records() as session:
        rows = session.scalars(query.limit(limit + 1)).all()
    shown = rows[:limit]
    return shown, (shown[-1].id if len(rows) > limit else None)


def revoke(visitor: Visitor, key_id: int) -> None:
    """One's own; an Admin revokes anyone's."""
    with visitor.records() as session:
        key = api_keys.locked(session, visitor.tenant, ApiKeyId(key_id))
        if key is None or (key.user_id != visitor.user and visitor.role is not MemberRole.ADMIN):
            raise nothing_here()
        api_keys.revoke(session, key, visitor.actor)
