{#- A view with parameters: both reach the primary keys of what it reads, which a filter from outside would not. -#}
{{ config(materialized='view', contract={'enforced': false}, persist_docs={'relation': false, 'columns': false}) }}

-- The names a person goes by: their own, and the contacts that were met as them.
with names as (
    select {person:String} as name
    union distinct
    select contact as name
    from {{ ref('int_contact_aliases') }}
    where tenant_id = {tenant:Int64} and user = {person:String}
),

owners as (
    select
        visitor_id,
        identity,
        valid_from,
        valid_to
    from {{ ref('int_device_owners') }}
    where tenant_id = {tenant:Int64} and (identity in (select name from names) or visitor_id = {person:String})
),

-- Where they were met, and while it was theirs: as it is known now, not as it was then.
devices as (
    select
        visitor_id,
        valid_from,
        valid_to
    from owners
    where identity in (select name from names)
    union all
    select
        name as visitor_id,
        toDateTime64(0, 3, 'UTC') as valid_from,
        toDateTime64('2200-01-01 00:00:00', 3, 'UTC') as valid_to
    from names
    where name not in (select visitor_id from owners)
    union all
    -- What happened at a device while it was nobody's is the device's own.
    select
        visitor_id,
        max(valid_to) as valid_from,
        toDateTime64('2200-01-01 00:00:00', 3, 'UTC') as valid_to
    from owners
    where visitor_id = {person:String}
    group by visitor_id
),

periods as (
    select
        visitor_id,
        groupArray((valid_from, valid_to)) as periods
    from devices
    group by visitor_id
),

happened as (
    select
        visitor_id,
        touched_at as at,
        toString(kind) as kind,
        touchpoint_id as what_id,
        toString(channel) as channel,
        campaign_id,
        link_id,
        '' as detail,
        toDecimal64(0, 4) as value,
        '' as currency
    from {{ ref('int_touchpoints') }}
    where tenant_id = {tenant:Int64} and not is_bot and visitor_id in (select visitor_id from devices)
    union all
    select
        person_id as visitor_id,
        converted_at as at,
        if(is_refund, 'refund', 'conversion') as kind,
        conversion_id as what_id,
        '' as channel,
        toInt64(0) as campaign_id,
        toInt64(0) as link_id,
        goal as detail,
        value,
        toString(currency) as currency
    from {{ ref('int_conversions') }}
    where
        tenant_id = {tenant:Int64}
        and goal_id in (select goal_id from {{ ref('stg_goals') }} where tenant_id = {tenant:Int64})
        and person_id in (select visitor_id from devices)
    union all
    select
        visitor_id,
        first_at as at,
        'identity' as kind,
        toString(source) as what_id,
        '' as channel,
        toInt64(0) as campaign_id,
        toInt64(0) as link_id,
        identity as detail,
        toDecimal64(0, 4) as value,
        '' as currency
    from {{ ref('int_identity_edges') }}
    where tenant_id = {tenant:Int64} and visitor_id in (select visitor_id from devices)
)

select
    {tenant:Int64} as tenant_id,
    {person:String} as person_id,
    happened.at as at,
    happened.kind as kind,
    happened.what_id as what_id,
    happened.visitor_id as visitor_id,
    happened.channel as channel,
    happened.campaign_id as campaign_id,
    happened.link_id as link_id,
    visits.page_views as page_views,
    visits.entry_path as entry_path,
    happened.detail as detail,
    happened.value as value,
    happened.currency as currency
from happened
left any join periods on happened.visitor_id = periods.visitor_id
left any join (
    select
        session_id,
        page_views,
        entry_path
    from {{ ref('int_sessions') }}
    where tenant_id = {tenant:Int64} and visitor_id in (select visitor_id from devices)
) as visits on happened.what_id = visits.session_id
where arrayExists(period -> happened.at >= period.1 and happened.at < period.2, periods.periods)
order by at, kind, what_id
