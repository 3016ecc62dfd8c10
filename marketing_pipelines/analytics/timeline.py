"""Timeline: what is known of one visitor in order, who they are believed to be, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from marketing_pipelines.analytics.reading import read
from store import events
from store.records.schema import TenantId

LONGEST_ID = 200
MOST_MOMENTS = 500
# What lies less apart is one sitting: the usual silence after which a visit is over.
SITTING = timedelta(minutes=30)
# How long examples of people are looked for, and how many are shown.
LATELY = timedelta(days=7)
MOST_CONVERTERS = 10
# What the warehouse writes where a device has been somebody's from its first day, and where it still is.
_EVER, _STILL = datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


class TimelineAsked(BaseModel):
    """`before` goes further back: what happened before that moment, the latest of it first to be kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    visitor_id: Annotated[str, Field(min_length=1, max_length=LONGEST_ID)]
    before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a device is; no `since` where it was theirs from its first day, no `until` where it still is."""

    person_id: str
    since: datetime | None
    until: datetime | None
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Meeting:
    """Who was met where, and what says so: an event of a server, a click, or a delivery."""

    visitor_id: str
    identity: str
    source: str
    first_at: datetime
    last_at: datetime
    times: int


@dataclass(frozen=True, slots=True)
class Moment:
    """`kind` is visit, another kind of touch, conversion, refund or identity; `detail` is its page, goal or name."""

    at: datetime
    kind: str
    visitor_id: str
    channel: str
    campaign_id: int
    link_id: int
    page_views: int
    detail: str
    value: float
    currency: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """`visitor_id` is who was asked for, a device or a name; `person_id` is whose moments these are, in order."""

    visitor_id: str
    person_id: str
    owners: Sequence[Owner] = ()
    meetings: Sequence[Meeting] = ()
    moments: Sequence[Moment] = ()
    goes_on_before: datetime | None = None

    @property
    def is_known(self) -> bool:
        return bool(self.owners or self.meetings or self.moments)

    @property
    def owner(self) -> Owner | None:
        """Whose the device is today."""
        return next((it for it in self.owners if it.until is None and it.person_id == self.person_id), None)

    @property
    def sittings(self) -> list[list[Moment]]:
        """The moments by what was done at one go."""
        return sittings(self.moments)


def timeline(client: events.Client, tenant: TenantId, asked: TimelineAsked) -> Timeline:
    owners, meetings = _known(client, tenant, asked.visitor_id)
    person = _person(asked.visitor_id, owners)
    rows = read(
        client,
        tenant,
        _MOMENTS,
        person=person,
        before=asked.before or _STILL,
        most=MOST_MOMENTS + 1,
    ).to_dicts()
    found = [Moment(**row) for row in rows]
    latest = _whole(found)
    return Timeline(
        asked.visitor_id,
        person,
        owners,
        meetings,
        latest[::-1],
        latest[-1].at if len(latest) < len(found) else None,
    )


def _whole(found: Sequence[Moment]) -> Sequence[Moment]:
    """As many as may be, latest first, without a part of those that happened at once: they are the next to be read."""
    if len(found) <= MOST_MOMENTS:
        return found
    oldest = found[MOST_MOMENTS].at
    return [it for it in found if it.at > oldest] or found[:MOST_MOMENTS]


def sittings(moments: Sequence[Moment]) -> list[list[Moment]]:
    if not moments:
        return []
    found = [[moments[0]]]
    for before, moment in pairwise(moments):
        if moment.at - before.at < SITTING:
            found[-1].append(moment)
        else:
            found.append([moment])
    return found


@dataclass(frozen=True, slots=True)
class Converter:
    person_id: str
    goal: str
    converted_at: datetime
    value: float
    currency: str


def recent_converters(client: events.Client, tenant: TenantId, today: datetime) -> list[Converter]:
    """A few people who converted lately, each once, the last one first."""
    since = (today - LATELY).date()
    rows = read(client, tenant, _CONVERTERS, since=since, most=MOST_CONVERTERS).to_dicts()
    return [Converter(**row) for row in rows]


def _person(visitor: str, owners: Sequence[Owner]) -> str:
    """Whom the device belongs to today, by the user rather than by the contact they are; else itself."""
    today = sorted(it.person_id for it in owners if it.until is None)
    return next((it for it in reversed(today) if it.startswith("user:")), today[0] if today else visitor)


def _known(client: events.Client, tenant: TenantId, visitor: str) -> tuple[list[Owner], list[Meeting]]:
    found = read(client, tenant, _KNOWN, visitor=visitor).to_dicts()
    rows = sorted(found, key=lambda row: (row["first_at"], row["identity"], row["source"]))
    owners = [
        Owner(
            str(row["identity"]),
            None if row["first_at"] == _EVER else row["first_at"],
            None if row["last_at"] == _STILL else row["last_at"],
            row["known_at"],
        )
        for row in rows
        if row["what"] == "owner"
    ]
    meetings = [
        Meeting(
            row["visitor_id"], row["identity"], row["source"], row["first_at"], row["last_at"], row["times"]
        )
        for row in rows
        if row["what"] == "meeting"
    ]
    return owners, meetings


_KNOWN = """
with owners as (
    select visitor_id, person_id, valid_from, valid_to, known_at
    from intermediate.int_identities
    where tenant_id = {tenant:Int64} and visitor_id = {visitor:String}
),

meetings as (
    select
        visitor_id,
        identity,
        toString(source) as says_so,
        min(first_at) as met_first,
        max(last_at) as met_last,
        toInt64(sum(times)) as met_times
    from intermediate.int_identity_edges
    where tenant_id = {tenant:Int64} and visitor_id = {visitor:String}
    group by visitor_id, identity, says_so
    order by met_last desc
    limit 100
)

select
    'owner' as what,
    visitor_id,
    person_id as identity,
    '' as source,
    valid_from as first_at,
    valid_to as last_at,
    known_at,
    toInt64(0) as times
from owners
union all
select
    'meeting' as what,
    visitor_id,
    identity,
    says_so as source,
    met_first as first_at,
    met_last as last_at,
    met_first as known_at,
    met_times as times
from meetings
settings max_execution_time = 5
"""
_MOMENTS = """
select
    at,
    kind,
    visitor_id,
    channel,
    campaign_id,
    link_id,
    toInt64(page_views) as page_views,
    detail,
    toFloat64(value) as value,
    currency
from marts.visitor_timeline(tenant = {tenant:Int64}, person = {person:String})
where at < {before:DateTime64(3, 'UTC')}
order by at desc, kind, what_id
limit {most:UInt32}
settings max_execution_time = 10
"""
_CONVERTERS = """
with lately as (
    select person_id, goal, converted_at as happened_at, value as worth, currency as unit
    from intermediate.int_conversions
    where tenant_id = {tenant:Int64} and converted_on >= {since:Date} and not is_refund and person_id != ''
)

select
    person_id,
    toString(argMax(goal, happened_at)) as goal,
    max(happened_at) as converted_at,
    toFloat64(argMax(worth, happened_at)) as value,
    toString(any(unit)) as currency
from lately
group by person_id
order by converted_at desc, person_id
limit {most:UInt32}
settings max_execution_time = 5
"""
