"""Hold-outs: who was drawn, on which side they are, and what either side did.

Drawn is everybody who was known by name before the first day: as somebody's device was then, a contact as the user that it
was then known to be. What is learned later moves nobody, for what is held out might be how it was learned: a conversion is
somebody's if the event itself names them, or if it happened at a device that was known to be theirs.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from marketing_pipelines.analytics.asking import DAY, LARGEST_ID, Inquiry, Span
from marketing_pipelines.analytics.reading import read, stream
from marketing_pipelines.analytics.refusals import Unanswerable
from marketing_pipelines.attribution.hold_outs import Group, Lift, chance_of_sizes, lift
from marketing_pipelines.attribution.lots import Lot, Side
from store import events
from store.records import hold_outs
from store.records.database import Session
from store.records.hold_outs import HoldOut
from store.records.schema import GoalId, HoldOutId, TenantId

if TYPE_CHECKING:
    import polars as pl

# What a person is called begins with one of these: a device alone is nobody who could be held out.
NAMES = ("user:", "contact:")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A lot over everybody who was known before a day."""

    lot: Lot
    known_before: date

    @classmethod
    def of(cls, hold_out: HoldOut) -> "Drawing":
        return cls(Lot(hold_out.lot_key, hold_out.share), hold_out.first_day)

    @property
    def asked(self) -> Mapping[str, Any]:
        return {"known_before": self.known_before, "key": self.lot.key.hex(), "cut": self.lot.cut}


@dataclass(frozen=True, slots=True)
class Comparison:
    """What both sides of a drawing did between two days, by a goal."""

    drawing: Drawing
    goal: GoalId
    span: Span

    @property
    def just_before(self) -> "Comparison":
        """The same people in as many days before the first: when nothing was kept from anybody."""
        first = self.drawing.known_before
        return replace(self, span=Span(first - self.span.days * DAY, first - DAY))


@dataclass(frozen=True, slots=True)
class Sides:
    """How many people were drawn, and what they did; there is nothing to compare where a side has nobody."""

    treated: Group | None
    held_out: Group | None

    @property
    def users(self) -> int:
        return sum(group.users for group in (self.treated, self.held_out) if group)

    @property
    def converters(self) -> int:
        return sum(group.converters for group in (self.treated, self.held_out) if group)

    @property
    def lift(self) -> Lift | None:
        return lift(self.treated, self.held_out) if self.treated and self.held_out else None

    def chance_of_sizes(self, lot: Lot) -> float:
        """How often a fair lot of this share gives sizes so far off."""
        treated, held_out = (group.users if group else 0 for group in (self.treated, self.held_out))
        return chance_of_sizes(treated, held_out, float(lot.share))


@dataclass(frozen=True, slots=True)
class Sizes:
    treated: int
    held_out: int

    @property
    def users(self) -> int:
        return self.treated + self.held_out


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody, by a name that begins with one of NAMES."""

    drawing: Drawing
    person: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands: a contact stands where the user does that it was known to be; who was not known is not counted."""

    person: str
    side: Side
    is_counted: bool


def sides(client: events.Client, tenant: TenantId, asked: Comparison) -> Sides:
    """What both sides did. Somebody counts as converted once; a refund takes back from the value of its purchase."""
    span = asked.span
    given = {"goal": asked.goal, "first": span.first, "last": span.last}
    rows = read(client, tenant, _SIDES, **asked.drawing.asked, **given)
    found = {
        bool(row.pop("is_held_out")): Group(**row)
        for row in rows.select("is_held_out", "users", "converters", "value", "value_squared").iter_rows(
            named=True
        )
    }
    return Sides(found.get(False), found.get(True))


def sizes(client: events.Client, tenant: TenantId, asked: Drawing) -> Sizes:
    """How many are on each side, and nothing of what they did."""
    found = dict(read(client, tenant, _SIZES, **asked.asked).rows())
    return Sizes(found.get(False, 0), found.get(True, 0))


def place(client: events.Client, tenant: TenantId, asked: Asked) -> Place:
    given = {"person": asked.person, "known_before": asked.drawing.known_before}
    [(user, is_known)] = read(client, tenant, _PLACE, **given).rows()
    return placed(asked, person=user or asked.person, is_counted=bool(user or is_known))


def placed(asked: Asked, *, person: str, is_counted: bool) -> Place:
    return Place(person, asked.drawing.lot.side(person), is_counted)


def lately(today: date, goal: GoalId, lot: Lot, days: int) -> Comparison:
    """As if it had begun so many days ago: what a hold-out of this length may expect to see."""
    first = today - timedelta(days=days)
    return Comparison(Drawing(lot, first), goal, Span(first, today - DAY))


class HeldOutAsked(Inquiry):
    hold_out_id: Annotated[
        int | None,
        Field(ge=1, le=LARGEST_ID, title="Number of a hold-out", description="The newest unless named."),
    ] = None


def drawing_asked_for(session: Session, tenant: TenantId, asked: HeldOutAsked) -> Drawing:
    """Which lot a report draws; raises Unanswerable where there is none."""
    if asked.hold_out_id is None:
        found = hold_outs.newest(session, tenant)
    else:
        found = hold_outs.named(session, tenant, HoldOutId(asked.hold_out_id))
    if found is None:
        raise Unanswerable("hold_out_id", "names no hold-out of yours")
    return Drawing.of(found)


def held_out(client: events.Client, tenant: TenantId, asked: Drawing) -> "Iterator[pl.DataFrame]":
    """Everybody who is held out, a row for each name they were known by before the first day."""
    yield from stream(client, tenant, _HELD_OUT, **asked.asked)


# The first eight bytes of the hash as a number, as `Lot.draw` has it; ClickHouse reads bytes from the smallest on.
DRAW = "reinterpretAsUInt64(reverse(substring(SHA256(concat(unhex({key:String}), person)), 1, 8)))"

_DRAWN = f"""
with known as (
    select person_id
    from intermediate.int_identities
    where
        tenant_id = {{tenant:Int64}}
        and known_at < toDateTime64({{known_before:Date}}, 3, 'UTC')
        and person_id != visitor_id
        and (startsWith(person_id, 'user:') or startsWith(person_id, 'contact:'))
    union all
    select concat('user:', user_id) as person_id
    from intermediate.int_conversions
    where tenant_id = {{tenant:Int64}} and user_id != '' and converted_on < {{known_before:Date}}
),

aliases as (
    select
        visitor_id as contact,
        argMin(person_id, known_at) as user
    from intermediate.int_identities
    where
        tenant_id = {{tenant:Int64}}
        and known_at < toDateTime64({{known_before:Date}}, 3, 'UTC')
        and startsWith(visitor_id, 'contact:')
        and startsWith(person_id, 'user:')
    group by contact
),

people as (
    select distinct if(aliases.user = '', known.person_id, aliases.user) as person
    from known
    left any join aliases on known.person_id = aliases.contact
),

drawn as (
    select
        person,
        {DRAW} < {{cut:UInt64}} as is_held_out
    from people
)
"""  # noqa: S608 (names are ours, values are bound)
_SIZES = f"""{_DRAWN}
select
    is_held_out,
    toInt64(count()) as users
from drawn
group by is_held_out
settings max_execution_time = 10, join_use_nulls = 0
"""  # noqa: S608 (names are ours, values are bound)
_SIDES = f"""{_DRAWN},

-- A purchase with what was given back of it, whenever that was; the event of the purchase says who it was.
bought as (
    select
        credited_visitor_id as visitor_id,
        credited_at as bought_at,
        argMin(user_id, (is_refund, user_id = '')) as user_id,
        sum(conversions) as conversions,
        sum(value) as value
    from intermediate.int_conversions
    where
        tenant_id = {{tenant:Int64}}
        and goal_id = {{goal:Int64}}
        and converted_on >= {{first:Date}}
        and toDate(credited_at) between {{first:Date}} and {{last:Date}}
    group by visitor_id, credited_person_id, bought_at
),

devices as (
    select
        visitor_id,
        arrayReverseSort(
            groupArray((known_at, startsWith(person_id, 'user:'), person_id, valid_from, valid_to))
        ) as owners
    from intermediate.int_identities
    where
        tenant_id = {{tenant:Int64}}
        and known_at < toDateTime64({{known_before:Date}}, 3, 'UTC')
        and visitor_id in (select visitor_id from bought where visitor_id != '' and user_id = '')
    group by visitor_id
),

named as (
    select
        if(
            bought.user_id != '',
            concat('user:', bought.user_id),
            arrayFirst(
                owner -> owner.4 <= bought.bought_at and owner.5 > bought.bought_at, devices.owners
            ).3
        ) as person,
        bought.conversions as conversions,
        bought.value as value
    from bought
    left any join devices on bought.visitor_id = devices.visitor_id
),

by_people as (
    select
        if(aliases.user = '', named.person, aliases.user) as person,
        sum(named.conversions) as conversions,
        toFloat64(sum(named.value)) as value
    from named
    left any join aliases on named.person = aliases.contact
    where named.person != ''
    group by person
)

select
    drawn.is_held_out as is_held_out,
    toInt64(count()) as users,
    toInt64(countIf(by_people.conversions > 0)) as converters,
    sum(by_people.value) as value,
    sum(by_people.value * by_people.value) as value_squared
from drawn
left any join by_people on drawn.person = by_people.person
group by is_held_out
settings max_execution_time = 10, join_use_nulls = 0
"""  # noqa: S608 (names are ours, values are bound)
_PLACE = """
select
    argMinIf(
        person_id,
        known_at,
        visitor_id = {person:String} and startsWith(visitor_id, 'contact:') and startsWith(person_id, 'user:')
    ) as user,
    countIf(person_id = {person:String} and person_id != visitor_id) > 0
    or (
        select count()
        from intermediate.int_conversions
        where
            tenant_id = {tenant:Int64}
            and person_id = {person:String}
            and user_id != ''
            and converted_on < {known_before:Date}
    ) > 0 as is_known
from intermediate.int_identities
where
    tenant_id = {tenant:Int64}
    and (person_id = {person:String} or visitor_id = {person:String})
    and known_at < toDateTime64({known_before:Date}, 3, 'UTC')
settings max_execution_time = 5
"""
_HELD_OUT = f"""{_DRAWN},

names as (
    select
        person,
        person as name
    from drawn
    where is_held_out
    union all
    select
        drawn.person as person,
        aliases.contact as name
    from drawn
    inner join aliases on drawn.person = aliases.user
    where drawn.is_held_out
)

select
    splitByChar(':', name)[1] as kind,
    substring(name, position(name, ':') + 1) as id,
    person
from names
order by person, kind desc, id
settings max_execution_time = 300, join_use_nulls = 0
"""  # noqa: S608 (names are ours, values are bound)
