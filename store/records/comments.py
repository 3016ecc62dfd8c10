"""Remarks: what people have to say about an action without deciding it."""

from sqlalchemy import ForeignKey, Integer, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from store.audit import Actor
from store.records import actions, audit_log
from store.records.actions import Action
from store.records.schema import ActionId, Record, TenantId, TenantOwned, UserId, belongs_to


class Comment(TenantOwned, Record):
    """What somebody has to say about an action without deciding it."""

    __tablename__ = "action_comments"
    __table_args__ = (belongs_to("actions", "action_id"),)

    action_id: Mapped[ActionId] = mapped_column(index=True)
    version: Mapped[int] = mapped_column(Integer)
    user_id: Mapped[UserId] = mapped_column(ForeignKey("users.id"))
    text: Mapped[str] = mapped_column(String(2000))


def add(
    session: Session, tenant: TenantId, action_id: ActionId, actor: Actor, *, user: UserId, text: str
) -> Comment | None:
    """Keeps a remark; it decides nothing."""
    action = actions.locked(session, tenant, action_id)
    if action is None:
        return None
    kept = Comment(
        tenant_id=tenant, action_id=action.id, version=action.version, user_id=user, text=text.strip()
    )
    session.add(kept)
    session.flush()
    told = {"version": action.version, "comment": kept.id}
    audit_log.append(session, tenant, actor, "comment", "action", action.id, {}, told)
    return kept


def of_action(session: Session, action: Action, *, after: int = 0, limit: int | None = None) -> list[Comment]:
    """What was said, oldest first; all of it, or so much after a remark."""
    return list(
        session.scalars(
            select(Comment)
            .where(Comment.tenant_id == action.tenant_id, Comment.action_id == action.id, Comment.id > after)
            .order_by(Comment.id)
            .limit(limit)
        )
    )


def newest(session: Session, action: Action, most: int) -> list[Comment]:
    """What was said last, newest first."""
    return list(
        session.scalars(
            select(Comment)
            .where(Comment.tenant_id == action.tenant_id, Comment.action_id == action.id)
            .order_by(Comment.id.desc())
            .limit(most)
        )
    )
