{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, goal_id, channel, campaign_id, link_id, hour)',
        full_refresh=false,
        on_schema_change='append_new_columns',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set paths, touchpoints = ref('int_paths'), ref('int_touchpoints') %}
{% set as_of = begin_build() %}
{% set days = outdated_days(paths) %}
{{ building(days, as_of) }}

with conversions as (
    select
        tenant_id,
        goal_id,
        conversion_id,
        person_id,
        converted_at,
        is_refund,
        conversions,
        value,
        channels[-1] as channel,
        campaigns[-1] as campaign_id,
        touched_at[-1] as last_touched_at
    from {{ paths }}
    {% if builds_days() %}
        where converted_on in {{ any_of(days) }}
    {% endif %}
),

-- Touches by a link at the moments of last touches; a path names moments, channels and campaigns.
by_links as (
    select
        tenant_id,
        visitor_id,
        touched_at,
        toString(channel) as channel,
        campaign_id,
        link_id
    from {{ touchpoints }}
    where
        link_id != 0
        and not is_bot
        {% if builds_days() %}
            and touched_on in (select toDate(last_touched_at) from conversions)
        {% endif %}
        and (tenant_id, touched_at) in (select tenant_id, last_touched_at from conversions)
),

identities as (
    select
        tenant_id,
        visitor_id,
        person_id
    from {{ ref('int_identities') }}
    where (tenant_id, visitor_id) in (select tenant_id, visitor_id from by_links)
),

last_links as (
    select
        conversions.tenant_id as tenant_id,
        conversions.goal_id as goal_id,
        conversions.conversion_id as conversion_id,
        max(by_links.link_id) as link_id
    from conversions
    inner join by_links
        on
            conversions.tenant_id = by_links.tenant_id
            and conversions.last_touched_at = by_links.touched_at
            and conversions.channel = by_links.channel
            and conversions.campaign_id = by_links.campaign_id
    where
        by_links.visitor_id = conversions.person_id
        or (conversions.tenant_id, by_links.visitor_id, conversions.person_id) in (
            select
                tenant_id,
                visitor_id,
                person_id
            from identities
        )
    group by tenant_id, goal_id, conversion_id
)

select
    conversions.tenant_id as tenant_id,
    conversions.goal_id as goal_id,
    toStartOfHour(conversions.converted_at) as hour,
    toDate(conversions.converted_at) as date_day,
    toLowCardinality(conversions.channel) as channel,
    conversions.campaign_id as campaign_id,
    last_links.link_id as link_id,
    sum(conversions.conversions) as conversions,
    countIf(conversions.is_refund) as refunds,
    toDecimal64(sum(conversions.value), 4) as value
from conversions
left any join last_links
    on
        conversions.tenant_id = last_links.tenant_id
        and conversions.goal_id = last_links.goal_id
        and conversions.conversion_id = last_links.conversion_id
group by tenant_id, goal_id, hour, date_day, channel, campaign_id, link_id
