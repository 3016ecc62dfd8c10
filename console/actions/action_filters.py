"""Which actions a list shows, and how many of them are in which state."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from console.frame.days import Day
from store.records.action_states import State
from store.records.actions import Action, ActionType, Source
from store.records.schema import TenantId, UserId


@dataclass(frozen=True, slots=True)
class Filter:
    """What is None or empty leaves nothing out."""

    state: State | None = None
    type: ActionType | None = None
    campaign: int | None = None
    author: UserId | None = None
    source: Source | None = None
    text: str = ""
    due: Day | None = None

    @property
    def is_on(self) -> bool:
        return self != EVERYTHING

    def conditions(self) -> Iterator[ColumnElement[bool]]:
        if self.state is not None:
            yield Action.state == self.state
        if self.type is not None:
            yield Action.type == self.type
        if self.campaign is not None:
            yield Action.campaign_id == self.campaign
        if self.author is not None:
            yield Action.author_id == self.author
        if self.source is not None:
            yield Action.source == self.source
        if self.due is not None:
            yield Action.due_at >= self.due.begins
            yield Action.due_at < self.due.ends
        if self.text:
            yield func.strpos(Action.called, func.lower(self.text)) > 0

    def as_query(self, **changes: Any) -> str:
        """The address of the list under this filter, with some of it changed; None takes it away."""
        said = {each.name: getattr(self, each.name) for each in fields(self)}
        said |= {"author": "mine" if self.author is not None else None, "due": self.due and self.due.date}
        said |= changes
        query = urlencode({name: str(value) for name, value in said.items() if value})
        return f"/actions?{query}" if query else "/actions"


EVERYTHING = Filter()


def by_state(session: Session, tenant: TenantId, only: Filter) -> Counter[State] | None:
    """How many there are in each state under the rest of a filter; None where all would have to be read for it."""
    if only.text:
        return None
    rest = replace(only, state=None)
    query = select(Action.state, func.count()).where(Action.tenant_id == tenant, *rest.conditions())
    return Counter({row[0]: row[1] for row in session.execute(query.group_by(Action.state))})
