{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert',
        unique_key=['tenant_id', 'visitor_id'],
        order_by='(tenant_id, visitor_id, valid_from)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set all_edges, splits = ref('int_identity_edges'), ref('stg_identity_splits') %}
{% set as_of = begin_build() %}
{% set learned = built_since(all_edges) %}
{{ building([], as_of) }}

-- Who a device belongs to, and since when that is known. A user is one person and is never merged with another: a
-- device belongs to whoever was last told to be at it, and before the first one to them. What a person split off is
-- left out; what more than so many share belongs to nobody from then on.
with met as (
    select distinct
        tenant_id,
        identity
    from {{ all_edges }}
    {% if is_incremental() %}
        where seen_on in {{ any_of(learned) }}
    {% endif %}
),

split_lately as (
    select
        tenant_id,
        visitor_id
    from {{ source('records', 'identity_splits') }}
    {% if is_incremental() %}
        where changed_at + toIntervalMinute(1) > {{ last_built() }}
    {% endif %}
),

-- Devices of which something was learned or forgotten, with all others of the same people, who may have so many.
touched as (
    select
        tenant_id,
        visitor_id
    from {{ all_edges }}
    where (tenant_id, identity) in (select tenant_id, identity from met)
    union distinct
    select
        tenant_id,
        visitor_id
    from split_lately
    {% if is_incremental() %}
        union distinct
        select
            tenant_id,
            visitor_id
        from {{ this }}
        where toDate(known_at) in {{ any_of(learned) }}
    {% endif %}
),

edges as (
    select
        edges.tenant_id as tenant_id,
        edges.visitor_id as visitor_id,
        edges.identity as identity,
        edges.first_at as first_at,
        edges.last_at as last_at
    from {{ all_edges }} as edges
    left anti join {{ splits }} as splits
        on
            edges.tenant_id = splits.tenant_id
            and edges.visitor_id = splits.visitor_id
            and edges.identity = splits.person_id
    {% if is_incremental() %}
        where (edges.tenant_id, edges.identity) in (
            select
                tenant_id,
                identity
            from {{ all_edges }}
            where (tenant_id, visitor_id) in (select tenant_id, visitor_id from touched)
        )
    {% endif %}
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
    where
        not startsWith(edges.visitor_id, 'contact:')
        and (edges.tenant_id, edges.visitor_id) in (select tenant_id, visitor_id from touched)
    group by tenant_id, visitor_id
),

-- A change of hands is where another one than before is met.
hands as (
    select
        tenant_id,
        visitor_id,
        arrayFilter(
            (moment, before) -> moment.2 != before, seen, arrayPushFront(arrayPopBack(seen.2), '')
        ) as hands,
        -- How many people have been met there by each change.
        arrayCumSum(arrayMap(meeting -> meeting = 1, arrayEnumerateUniq(hands.2))) as people,
        arrayFirstIndex(number -> number > {{ var('most_people_at_a_device') }}, people) as shared_from
    from moments
),

owners as (
    select
        tenant_id,
        visitor_id,
        if(shared_from = 0, hands, arraySlice(hands, 1, shared_from - 1)) as own,
        arrayJoin(
            arrayZip(
                own.2,
                own.1,
                arrayPushFront(arrayPopFront(own.1), toDateTime64(0, 3, 'UTC')),
                arrayPushBack(
                    arrayPopFront(own.1),
                    if(shared_from = 0, toDateTime64('2200-01-01 00:00:00', 3, 'UTC'), hands.1[shared_from])
                )
            )
        ) as owner
    from hands
)

select
    tenant_id,
    visitor_id,
    owner.1 as identity,
    owner.3 as valid_from,
    owner.4 as valid_to,
    owner.2 as known_at
from owners
union all
-- What too many share is a visitor of its own from then on.
select
    tenant_id,
    visitor_id,
    visitor_id as identity,
    hands.1[shared_from] as valid_from,
    toDateTime64('2200-01-01 00:00:00', 3, 'UTC') as valid_to,
    hands.1[shared_from] as known_at
from hands
where shared_from > 0
{% if is_incremental() %}
    -- One that belongs to nobody any more keeps a row that says so.
    union all
    select
        touched.tenant_id as tenant_id,
        touched.visitor_id as visitor_id,
        '' as identity,
        toDateTime64(0, 3, 'UTC') as valid_from,
        toDateTime64(0, 3, 'UTC') as valid_to,
        toDateTime64(0, 3, 'UTC') as known_at
    from touched
    left anti join owners
        on touched.tenant_id = owners.tenant_id and touched.visitor_id = owners.visitor_id
    where (touched.tenant_id, touched.visitor_id) in (select tenant_id, visitor_id from {{ this }})
{% endif %}
