{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='toYYYYMM(seen_on)',
        order_by='(tenant_id, visitor_id, identity, seen_on)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set as_of = begin_build() %}
-- A click names its reader when the page it led to is open already.
{% set days = outdated_days(ref('stg_events'), ahead=1) %}
{{ building(days, as_of) }}

with events as (
    select *
    from {{ ref('stg_events') }}
    where
        not is_bot
        {% if builds_days() %}
            and occurred_on in {{ any_of(days) }}
        {% endif %}
),

-- Only the team's own servers say who somebody is; what a page claims is not believed.
told as (
    select
        tenant_id,
        occurred_at,
        occurred_on,
        'event' as source,
        sid,
        user_id,
        contact_id
    from events
    where user_id != '' or contact_id != ''
),

delivered as (
    select
        events.tenant_id as tenant_id,
        events.occurred_at as occurred_at,
        events.occurred_on as occurred_on,
        'delivery' as source,
        events.sid as sid,
        events.user_id as user_id,
        toString(deliveries.contact_id) as contact_id
    from events
    inner join {{ readers(ref('stg_events'), days) }} as deliveries
        on events.tenant_id = deliveries.tenant_id and events.message_id = deliveries.message_id
    where events.message_id != '' and deliveries.contact_id != 0
),

clicked as (
    select
        events.tenant_id as tenant_id,
        events.occurred_at as occurred_at,
        events.occurred_on as occurred_on,
        'click' as source,
        events.sid as sid,
        clicks.user_id as user_id,
        clicks.contact_id as contact_id
    from events
    left any join (
        select
            tenant_id,
            event_id,
            user_id,
            contact_id
        from {{ ref('stg_events') }}
        where
            event = 'click'
            and (user_id != '' or contact_id != '')
            {% if builds_days() %}
                and occurred_on in {{ any_of(widened(days, back=1)) }}
            {% endif %}
    ) as clicks
        on events.tenant_id = clicks.tenant_id and events.click_id = clicks.event_id
    where events.sid != '' and events.click_id != '' and clicks.event_id != ''
),

edges as (
    select
        tenant_id,
        occurred_at,
        occurred_on,
        source,
        arrayJoin(
            arrayFilter(
                edge -> edge.1 != '' and edge.2 != '',
                [
                    (sid, if(user_id = '', '', concat('user:', user_id))),
                    (sid, if(contact_id = '', '', concat('contact:', contact_id))),
                    (
                        if(contact_id = '', '', concat('contact:', contact_id)),
                        if(user_id = '', '', concat('user:', user_id))
                    )
                ]
            )
        ) as edge
    from (
        select * from told
        union all
        select * from delivered
        union all
        select * from clicked
    ) as meetings
)

select
    tenant_id,
    edge.1 as visitor_id,
    edge.2 as identity,
    toLowCardinality(source) as source,
    occurred_on as seen_on,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at,
    count() as times
from edges
group by tenant_id, visitor_id, identity, source, seen_on
