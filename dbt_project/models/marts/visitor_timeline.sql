{#- A view with parameters: both reach the primary keys of what it reads, which a filter from outside would not. -#}
{{ config(materialized='view', contract={'enforced': false}, persist_docs={'relation': false, 'columns': false}) }}

{% set never = "toDateTime64(0, 3, 'UTC')" %}
{% set always = "toDateTime64('2100-01-01 00:00:00', 3, 'UTC')" %}
with (
    -- The names a person goes by: their own, and the contacts that were met as them.
    select arrayPushFront(groupArray(contact), {{ given('person', 'String') }})
    from {{ ref('int_contact_aliases') }}
    where tenant_id = {{ given('tenant', 'Int64') }} and user = {{ given('person', 'String') }}
) as names,

(
    select groupArray((visitor_id, identity, valid_from, valid_to))
    from {{ ref('int_device_owners') }}
    where
        tenant_id = {{ given('tenant', 'Int64') }}
        and (has(names, identity) or visitor_id = {{ given('person', 'String') }})
) as owners,

-- Where they were met, and while it was theirs: as it is known now, not as it was then.
arrayMap(owner -> (owner.1, owner.3, owner.4), arrayFilter(owner -> has(names, owner.2), owners)) as owned,

-- What happened under a name itself, or at a device while it was nobody's.
arrayMap(
    name -> (
        name,
        arrayMax(arrayPushBack(arrayMap(owner -> if(owner.1 = name, owner.4, {{ never }}), owners), {{ never }})),
        {{ always }}
    ),
    names
) as unowned,

arrayConcat(owned, unowned) as periods,

arrayDistinct(periods.1) as devices,

visits as (
    select
        session_id,
        page_views,
        entry_path
    from {{ ref('int_sessions') }}
    where tenant_id = {{ given('tenant', 'Int64') }} and has(devices, visitor_id)
),

touches as (
    select *
    from {{ ref('int_touchpoints') }}
    where tenant_id = {{ given('tenant', 'Int64') }} and has(devices, visitor_id) and not is_bot
),

happened as (
    select
        touches.visitor_id as visitor_id,
        touches.touched_at as at,
        toString(touches.kind) as kind,
        touches.touchpoint_id as what_id,
        toString(touches.channel) as channel,
        touches.campaign_id as campaign_id,
        touches.link_id as link_id,
        visits.page_views as page_views,
        visits.entry_path as detail,
        toDecimal64(0, 4) as value,
        '' as currency
    from touches
    left any join visits on touches.session_id = visits.session_id
    union all
    select
        person_id as visitor_id,
        converted_at as at,
        if(is_refund, 'refund', 'conversion') as kind,
        conversion_id as what_id,
        '' as channel,
        toInt64(0) as campaign_id,
        toInt64(0) as link_id,
        toUInt64(0) as page_views,
        goal as detail,
        value,
        toString(currency) as currency
    from {{ ref('int_conversions') }}
    where tenant_id = {{ given('tenant', 'Int64') }} and has(devices, person_id)
    union all
    -- Somebody is met by name again and again, and becomes known but once.
    select
        visitor_id,
        min(first_at) as at,
        'identity' as kind,
        toString(source) as what_id,
        '' as channel,
        toInt64(0) as campaign_id,
        toInt64(0) as link_id,
        toUInt64(0) as page_views,
        identity as detail,
        toDecimal64(0, 4) as value,
        '' as currency
    from {{ ref('int_identity_edges') }}
    where tenant_id = {{ given('tenant', 'Int64') }} and has(devices, visitor_id)
    group by visitor_id, identity, source
)

select
    {{ given('tenant', 'Int64') }} as tenant_id,
    {{ given('person', 'String') }} as person_id,
    at,
    kind,
    what_id,
    visitor_id,
    channel,
    campaign_id,
    link_id,
    page_views,
    detail,
    value,
    currency
from happened
where arrayExists(period -> period.1 = visitor_id and at >= period.2 and at < period.3, periods)
order by at, kind, what_id
