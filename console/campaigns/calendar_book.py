"""What goes out when: actions by the day on which they are due, and campaigns from their start to their end.

However much there is, a day shows the first few and says how many more there are.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    ARRAY,
    DateTime,
    Integer,
    Select,
    and_,
    cast,
    column,
    func,
    or_,
    select,
    true,
    values,
)

from console.actions.action_filters import Filter
from console.actions.listing import Listed
from console.door.sign_in import Visitor
from console.frame.days import Day, Span, View
from store.records.actions import Action
from store.records.campaigns import Campaign, CampaignStatus
from store.records.database import Session

SHOWN_A_DAY = {View.MONTH: 3, View.WEEK: 12}
# So many campaigns beside each other can be told apart.
LANES = 4
MOST_CAMPAIGNS = 200
MOST_AHEAD = 8
MOMENT = DateTime(timezone=True)


@dataclass(frozen=True, slots=True)
class Running:
    """A campaign on one of its days."""

    campaign: Campaign
    starts: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One day: the first actions that are due, how many there are, and the campaigns, each in its lane."""

    day: Day
    due: Sequence[Listed]
    count: int
    lanes: Sequence[Running | None]
    other_campaigns: int

    @property
    def more(self) -> int:
        return self.count - len(self.due)

    @property
    def is_empty(self) -> bool:
        return not (self.count or self.other_campaigns or any(self.lanes))

    @property
    def is_quiet(self) -> bool:
        """Nothing happens on it: at most, campaigns go on."""
        return not (self.count or any(lane and (lane.starts or lane.ends) for lane in self.lanes))

    @property
    def due_here(self) -> Filter:
        return Filter(due=self.day)


def pages(session: Session, visitor: Visitor, span: Span, campaign: int | None) -> list[Page]:
    """Every day of a span; `campaign` leaves out all others."""
    due = _due(session, visitor, span, campaign)
    running = lanes(_campaigns(session, visitor, span, campaign), span)
    written = []
    for number, day in enumerate(span.days):
        first, count = due.get(number, ((), 0))
        today = [(lane, it) for lane, it in running if runs(it, day)]
        shown: list[Running | None] = [None] * LANES
        for lane, it in today:
            if lane < LANES:
                shown[lane] = Running(it, _is_on(it.start_date, day), _is_on(it.end_date, day))
        while shown and shown[-1] is None:
            shown.pop()
        others = sum(1 for lane, _ in today if lane >= LANES)
        written.append(Page(day, first, count, shown, others))
    return written


def ahead(session: Session, visitor: Visitor, since: datetime, campaign: int | None) -> Sequence[Listed]:
    """What is due next from a moment on."""
    query = _of(visitor, campaign).where(Action.due_at >= since)
    rows = session.scalars(query.order_by(Action.due_at, Action.id).limit(MOST_AHEAD))
    return [Listed(action, None, None) for action in rows]


def _due(
    session: Session, visitor: Visitor, span: Span, campaign: int | None
) -> Mapping[int, tuple[Sequence[Listed], int]]:
    """The first of each day and the count of all, by the day's place in the span.

    Counted along the index alone, and only the few that are shown are read: a day may have sixty thousand.
    """
    bounds = cast([day.begins for day in span.days], ARRAY(MOMENT))
    within = _of(visitor, campaign).where(Action.due_at >= span.begins, Action.due_at < span.ends)
    place = func.width_bucket(Action.due_at, bounds).label("place")
    counted = within.with_only_columns(place, func.count().label("count")).group_by(place).subquery()
    days = values(
        column("place", Integer), column("begins", MOMENT), column("ends", MOMENT), name="days"
    ).data([(number, day.begins, day.ends) for number, day in enumerate(span.days, 1)])
    first = (
        _of(visitor, campaign)
        .with_only_columns(Action.id)
        .where(Action.due_at >= days.c.begins, Action.due_at < days.c.ends)
        .order_by(Action.due_at, Action.id)
        .limit(SHOWN_A_DAY[span.view])
        .correlate(days)
        .lateral()
    )
    rows = session.execute(
        select(Action, counted.c.place, counted.c.count)
        .select_from(counted)
        .join(days, days.c.place == counted.c.place)
        .join(first, true())
        .join(Action, and_(Action.tenant_id == visitor.tenant, Action.id == first.c.id))
        .order_by(counted.c.place, Action.due_at, Action.id)
    )
    found: dict[int, tuple[list[Listed], int]] = {}
    for action, number, count in rows:
        found.setdefault(number - 1, ([], count))[0].append(Listed(action, None, None))
    return found


def _of(visitor: Visitor, campaign: int | None) -> Select[tuple[Action]]:
    query = select(Action).where(Action.tenant_id == visitor.tenant)
    return query.where(Action.campaign_id == campaign) if campaign is not None else query


def _campaigns(session: Session, visitor: Visitor, span: Span, campaign: int | None) -> Sequence[Campaign]:
    """Those with a date that touch the span; one without a start or without an end goes on and on."""
    dated = or_(Campaign.start_date.is_not(None), Campaign.end_date.is_not(None))
    begun = or_(Campaign.start_date.is_(None), Campaign.start_date < span.ends)
    not_over = or_(Campaign.end_date.is_(None), Campaign.end_date > span.begins)
    query = select(Campaign).where(Campaign.tenant_id == visitor.tenant, dated, begun, not_over)
    goes_on = and_(Campaign.status == CampaignStatus.COMPLETED, Campaign.end_date.is_(None))
    query = query.where(~goes_on)
    if campaign is not None:
        query = query.where(Campaign.id == campaign)
    return session.scalars(query.order_by(Campaign.start_date, Campaign.id).limit(MOST_CAMPAIGNS)).all()


def lanes(campaigns: Iterable[Campaign], span: Span) -> list[tuple[int, Campaign]]:
    """Each campaign keeps one lane through the whole span, and takes the first that is free."""
    until: list[datetime] = []
    placed = []
    for it in campaigns:
        first = max(it.start_date or span.begins, span.begins)
        begins = next((day.begins for day in reversed(span.days) if day.begins <= first), span.begins)
        free = next((lane for lane, taken in enumerate(until) if taken <= begins), len(until))
        last = next((day.ends for day in span.days if it.end_date and it.end_date <= day.ends), span.ends)
        until[free : free + 1] = [last]
        placed.append((free, it))
    return placed


def runs(campaign: Campaign, day: Day) -> bool:
    begun = campaign.start_date is None or campaign.start_date < day.ends
    return begun and (campaign.end_date is None or campaign.end_date > day.begins)


def _is_on(moment: datetime | None, day: Day) -> bool:
    return moment is not None and day.begins <= moment <= day.ends
