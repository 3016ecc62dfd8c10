{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert',
        unique_key=['tenant_id', 'visitor_id'],
        order_by='(tenant_id, visitor_id, valid_from)',
        settings={'enable_block_number_column': 1, 'enable_block_offset_column': 1},
        query_settings={'lightweight_delete_mode': 'lightweight_update'},
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set all_edges, splits, touched = ref('int_identity_edges'), ref('stg_identity_splits'), ref('int_touched_devices') %}
{% set as_of = moment_of(touched) if is_incremental() else begin_build() %}
{{ building([], as_of) }}

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
            where (tenant_id, visitor_id) in (select tenant_id, visitor_id from {{ touched }})
        )
    {% endif %}
),

pairs as (
    select
        tenant_id,
        visitor_id,
        identity,
        min(first_at) as met_at,
        groupUniqArrayArray([first_at, last_at]) as moments
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

meetings as materialized (
    select
        tenant_id,
        visitor_id,
        arraySort(arrayFlatten(groupArray(arrayMap(at -> (at, identity), moments)))) as seen
    from numbered
    where
        device_number <= {{ var('most_devices_of_a_person') }}
        and not startsWith(visitor_id, 'contact:')
        {% if is_incremental() %}
            and (tenant_id, visitor_id) in (select tenant_id, visitor_id from {{ touched }})
        {% endif %}
    group by tenant_id, visitor_id
),

-- A change of hands is where another one than before is met.
hands as (
    select
        tenant_id,
        visitor_id,
        arrayFilter(
            (moment, before) -> moment.2 != before, seen, arrayPushFront(arrayPopBack(seen.2), '')
        ) as changes,
        -- How many people have been met there by each change.
        arrayCumSum(arrayMap(meeting -> meeting = 1, arrayEnumerateUniq(changes.2))) as people,
        arrayFirstIndex(number -> number > {{ var('most_people_at_a_device') }}, people) as shared_from,
        if(shared_from = 0, changes, arraySlice(changes, 1, shared_from - 1)) as own,
        if(shared_from = 0, {{ never() }}, changes.1[shared_from]) as shared_at,
        -- What too many share is a visitor of its own from then on.
        if(shared_from = 0, [], [(visitor_id, shared_at, shared_at, {{ never() }})]) as as_shared
    from meetings
),

owners as (
    select
        tenant_id,
        visitor_id,
        arrayJoin(
            arrayConcat(
                arrayZip(
                    own.2,
                    own.1,
                    arrayPushFront(arrayPopFront(own.1), toDateTime64(0, 3, 'UTC')),
                    arrayPushBack(arrayPopFront(own.1), shared_at)
                ),
                as_shared
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
    from {{ touched }} as touched
    left anti join meetings
        on touched.tenant_id = meetings.tenant_id and touched.visitor_id = meetings.visitor_id
    where touched.is_held
{% endif %}
