{{ config(materialized='table', order_by='(tenant_id, person_id, visitor_id, valid_from)') }}

-- Who a device belongs to, and since when that is known. A user is one person and is never merged with another: a
-- device belongs to whoever was last told to be at it, and before the first one to them. What a person split off is
-- left out; what more than so many share belongs to nobody from then on.
with edges as (
    select
        edges.tenant_id as tenant_id,
        edges.visitor_id as visitor_id,
        edges.identity as identity,
        edges.first_at as first_at,
        edges.last_at as last_at
    from {{ ref('int_identity_edges') }} as edges
    left anti join {{ ref('stg_identity_splits') }} as splits
        on
            edges.tenant_id = splits.tenant_id
            and edges.visitor_id = splits.visitor_id
            and edges.identity = splits.person_id
),

pairs as (
    select
        tenant_id,
        visitor_id,
        identity,
        min(first_at) as met_at
    from edges
    group by tenant_id, visitor_id, identity
),

-- "null" and "guest" are no persons: whoever has too many devices gets no more.
numbered as (
    select
        *,
        row_number() over (partition by tenant_id, identity order by met_at, visitor_id) as device_number
    from pairs
),

believed as (
    select
        tenant_id,
        visitor_id,
        identity,
        met_at
    from numbered
    where device_number <= {{ var('most_devices_of_a_person') }}
),

moments as (
    select
        edges.tenant_id as tenant_id,
        edges.visitor_id as visitor_id,
        arraySort(groupUniqArrayArray([(edges.first_at, edges.identity), (edges.last_at, edges.identity)])) as seen
    from edges
    inner join believed
        on
            edges.tenant_id = believed.tenant_id
            and edges.visitor_id = believed.visitor_id
            and edges.identity = believed.identity
    where not startsWith(edges.visitor_id, 'contact:')
    group by tenant_id, visitor_id
),

-- A change of hands is where another one than before is met.
changes as (
    select
        tenant_id,
        visitor_id,
        arrayFilter(
            (moment, place) -> place = 1 or moment.2 != seen[place - 1].2, seen, arrayEnumerate(seen)
        ) as hands,
        arrayMap(
            place -> length(arrayDistinct(arrayMap(moment -> moment.2, arraySlice(hands, 1, place)))),
            arrayEnumerate(arraySlice(hands, 1, 1000))
        ) as people,
        arrayFirstIndex(number -> number > {{ var('most_people_at_a_device') }}, people) as shared_from
    from moments
),

owned as (
    select
        tenant_id,
        visitor_id,
        arrayJoin(
            arrayEnumerate(if(shared_from = 0, hands, arraySlice(hands, 1, shared_from)))
        ) as place,
        if(place = shared_from, visitor_id, hands[place].2) as identity,
        if(place = 1, toDateTime64(0, 3, 'UTC'), hands[place].1) as valid_from,
        if(
            place = length(hands) or place = shared_from,
            toDateTime64('2200-01-01 00:00:00', 3, 'UTC'),
            hands[place + 1].1
        ) as valid_to,
        hands[place].1 as known_at
    from changes
),

-- A contact is the first user they were met as: told by a server, or at one device.
met_together as (
    select
        contacts.tenant_id as tenant_id,
        contacts.identity as contact,
        users.identity as user,
        greatest(contacts.met_at, users.met_at) as known_at
    from believed as contacts
    inner join believed as users
        on contacts.tenant_id = users.tenant_id and contacts.visitor_id = users.visitor_id
    inner join changes
        on contacts.tenant_id = changes.tenant_id and contacts.visitor_id = changes.visitor_id
    where
        startsWith(contacts.identity, 'contact:')
        and startsWith(users.identity, 'user:')
        and (changes.shared_from = 0 or known_at < changes.hands[changes.shared_from].1)
    union all
    select
        tenant_id,
        visitor_id as contact,
        identity as user,
        met_at as known_at
    from believed
    where startsWith(visitor_id, 'contact:')
),

aliases as (
    select
        tenant_id,
        contact,
        min((known_at, user)) as first_met
    from met_together
    group by tenant_id, contact
)

select
    tenant_id,
    visitor_id,
    identity as person_id,
    valid_from,
    valid_to,
    known_at
from owned
union all
select
    owned.tenant_id as tenant_id,
    owned.visitor_id as visitor_id,
    aliases.first_met.2 as person_id,
    owned.valid_from as valid_from,
    owned.valid_to as valid_to,
    greatest(owned.known_at, aliases.first_met.1) as known_at
from owned
inner join aliases on owned.tenant_id = aliases.tenant_id and owned.identity = aliases.contact
union all
select
    tenant_id,
    contact as visitor_id,
    first_met.2 as person_id,
    toDateTime64(0, 3, 'UTC') as valid_from,
    toDateTime64('2200-01-01 00:00:00', 3, 'UTC') as valid_to,
    first_met.1 as known_at
from aliases
