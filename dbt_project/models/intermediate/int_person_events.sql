{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, event, person_key)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set events = ref('stg_events') %}
{% set edges, splits = ref('int_identity_edges'), source('records', 'identity_splits') %}
{% set as_of = begin_build() %}
{% set days = widened(
    outdated_days(events, ahead=1)
    + days_of_devices(events, edges, splits, 'occurred_on', known_days=var('identity_reach_days'))
) %}
{{ building(days, as_of) }}

-- The redirector sees nobody: whoever lands with a click, that day or the next, has made it.
with landings as (
    select
        tenant_id,
        click_id,
        arrayJoin([occurred_on, occurred_on - 1]) as clicked_on,
        tupleElement(min((occurred_at, visitor_id)), 2) as landed
    from {{ events }}
    where
        event = 'page_view'
        and click_id != ''
        and visitor_id != ''
        and not is_bot
        {% if builds_days() %}
            and occurred_on in {{ any_of(widened(days, ahead=1)) }}
        {% endif %}
    group by tenant_id, click_id, clicked_on
),

events as (
    select
        tenant_id,
        event_id,
        occurred_on,
        occurred_at,
        event,
        visitor_id,
        user_id,
        channel,
        device,
        country
    from {{ events }}
    where
        not is_bot
        {% if builds_days() %}
            and occurred_on in {{ any_of(days) }}
        {% endif %}
),

happened as (
    select * except (event_id)
    from events
    where visitor_id != ''
    union all
    select
        events.tenant_id as tenant_id,
        events.occurred_on as occurred_on,
        events.occurred_at as occurred_at,
        events.event as event,
        landings.landed as visitor_id,
        events.user_id as user_id,
        events.channel as channel,
        events.device as device,
        events.country as country
    from events
    inner join landings
        on
            events.tenant_id = landings.tenant_id
            and events.event_id = landings.click_id
            and events.occurred_on = landings.clicked_on
    where events.event = 'click' and events.visitor_id = ''
),

by_people as (
    select
        happened.tenant_id as tenant_id,
        happened.occurred_on as date_day,
        happened.event as event,
        -- A number in the place of the name: shorter to group by, and no two of a billion people share one.
        multiIf(
            happened.user_id != '',
            sipHash64(concat('user:', happened.user_id)),
            known.person_id != '',
            sipHash64(known.person_id),
            sipHash64(happened.visitor_id)
        ) as person_key,
        happened.occurred_at as occurred_at,
        happened.channel as channel,
        happened.device as device,
        happened.country as country
    from happened
    asof left join {{ person_since('happened', var('identity_reach_days')) }} as known
        on
            happened.tenant_id = known.tenant_id
            and happened.visitor_id = known.visitor_id
            and happened.occurred_at >= known.since
),

grouped as (
    select
        tenant_id,
        date_day,
        event,
        person_key,
        arraySort(
            groupArray(toUInt32(toUnixTimestamp64Milli(occurred_at) - toUInt64(toUInt16(date_day)) * 86400000))
        ) as times,
        min((occurred_at, toString(channel), toString(device), toString(country))) as first
    from by_people
    group by tenant_id, date_day, event, person_key
)

select
    tenant_id,
    date_day,
    event,
    person_key,
    times,
    toLowCardinality(first.2) as channel,
    toLowCardinality(first.3) as device,
    toLowCardinality(first.4) as country
from grouped
