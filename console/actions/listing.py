"""Lists of actions, a page at a time: the inbox of approvals, all actions, what was touched last."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from console.actions.action_filters import EVERYTHING, Filter
from marketing_pipelines.outbound import kinds
from store.records import actions
from store.records.action_states import State
from store.records.actions import Action, ActionVersion
from store.records.campaigns import Campaign
from store.records.people import User
from store.records.schema import TenantId, UserId

PAGE = 25


@dataclass(frozen=True, slots=True)
class Listed:
    """An action as a line in a list; `recipients` is None until it has been frozen."""

    action: Action
    author: str | None
    recipients: int | None
    campaign: str | None = None

    @property
    def title(self) -> str:
        return title_of(self.action)


def title_of(action: Action) -> str:
    """What people call it: by its title, or else by how it begins."""
    return action.title or kinds.of(action.type).headline(action.payload) or "Untitled"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, and the cursor of the next one if there is one."""

    items: Sequence[Listed]
    next_cursor: int | None


def waiting(session: Session, tenant: TenantId, *, cursor: int | None = None, limit: int = PAGE) -> Page:
    """What waits for a decision, longest first."""
    query = _lines(tenant).where(Action.state == State.PENDING_APPROVAL).order_by(Action.id)
    return _page(session, query.where(Action.id > cursor) if cursor else query, limit)


def newest(
    session: Session,
    tenant: TenantId,
    *,
    only: Filter = EVERYTHING,
    cursor: int | None = None,
    limit: int = PAGE,
) -> Page:
    """All actions that fit a filter, newest first; they are found in an index, and no other is read."""
    fitting = select(Action.id).where(Action.tenant_id == tenant, *only.conditions())
    if cursor:
        fitting = fitting.where(Action.id < cursor)
    page = fitting.order_by(Action.id.desc()).limit(limit + 1).correlate(None)
    return _page(session, _lines(tenant).where(Action.id.in_(page)).order_by(Action.id.desc()), limit)


def touched(session: Session, tenant: TenantId, *, limit: int = 6) -> Sequence[Listed]:
    """What happened last."""
    return _page(session, _lines(tenant).order_by(Action.updated_at.desc(), Action.id.desc()), limit).items


def sent_back(session: Session, tenant: TenantId, author: UserId, *, limit: int = 6) -> Sequence[Listed]:
    """The author's own work that somebody wants changed."""
    query = _lines(tenant).where(Action.state == State.CHANGES_REQUESTED, Action.author_id == author)
    return _page(session, query.order_by(Action.id), limit).items


def _lines(tenant: TenantId) -> Select[Any]:
    recipients = ActionVersion.manifest["recipients"]["count"].as_integer()
    return (
        select(Action, User.name, recipients, Campaign.name)
        .outerjoin(ActionVersion, actions.IS_CURRENT)
        .outerjoin(User, User.id == Action.author_id)
        .outerjoin(Campaign, and_(Campaign.tenant_id == Action.tenant_id, Campaign.id == Action.campaign_id))
        .where(Action.tenant_id == tenant)
    )


def _page(session: Session, query: Select[Any], limit: int) -> Page:
    rows = [Listed(*row) for row in session.execute(query.limit(limit + 1))]
    shown = rows[:limit]
    return Page(shown, shown[-1].action.id if len(rows) > limit else None)
