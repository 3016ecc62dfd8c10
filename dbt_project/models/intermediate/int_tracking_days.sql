{{
    config(
        materialized='incremental',
        incremental_strategy='insert_overwrite',
        partition_by='date_day',
        order_by='(tenant_id, date_day)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set shipped, events = source('raw', 'events'), ref('stg_events') %}
{% set as_of = begin_build() %}
-- A day of which only copies came in has no events, and the click that led to a page may have a day of its own.
{% set days = widened(
    received_days(shipped)
    + outdated_days(events, ahead=1)
    + days_before_change(source('records', 'conversion_goals'), among=events)
) %}
{{ building(days, as_of) }}

with received as (
    select
        tenant_id,
        toDate(occurred_at) as date_day,
        count() as copies_received,
        countIf(original_at is not null and original_at != occurred_at) as clocks_corrected
    from {{ shipped }}
    {% if builds_days() %}
        where toDate(occurred_at) in {{ any_of(days) }} and received_at >= {{ first_of(days) }} - 1
    {% endif %}
    group by tenant_id, date_day
),

goal_events as (
    select distinct
        tenant_id,
        event
    from {{ ref('stg_goals') }}
    where fixed_value is null
),

clicks as (
    select
        tenant_id,
        event_id,
        occurred_on
    from {{ events }}
    where
        event = 'click'
        {% if builds_days() %}
            and occurred_on in {{ any_of(widened(days, back=1)) }}
        {% endif %}
),

pages_by_link as (
    select
        pages.tenant_id as tenant_id,
        pages.occurred_on as date_day,
        uniqExact(pages.click_id) as click_ids,
        uniqExactIf(
            pages.click_id,
            clicks.event_id = '' or clicks.occurred_on not between pages.occurred_on - 1 and pages.occurred_on
        ) as unmatched_click_ids
    from {{ events }} as pages
    left any join clicks on pages.tenant_id = clicks.tenant_id and pages.click_id = clicks.event_id
    where
        pages.event = 'page_view'
        and pages.click_id != ''
        {% if builds_days() %}
            and pages.occurred_on in {{ any_of(days) }}
        {% endif %}
    group by tenant_id, date_day
),

counted as (
    select
        events.tenant_id as tenant_id,
        events.occurred_on as date_day,
        count() as events,
        sumMap(map(toString(events.event), toUInt64(1))) as events_by_kind,
        -- How long after it happened an event came in.
        sumMap(
            map(
                multiIf(
                    events.received_at < events.occurred_at + toIntervalHour(1), 'within an hour',
                    events.received_at < events.occurred_at + toIntervalDay(1), 'within a day',
                    events.received_at < events.occurred_at + toIntervalDay(3), 'within three days',
                    'later'
                ),
                toUInt64(1)
            )
        ) as events_by_lateness,
        countIf(events.is_bot) as events_of_programs,
        countIf(events.consent = 'granted') as events_with_consent,
        countIf(events.consent = 'denied') as events_refused,
        countIf(events.visitor_id = '') as events_without_visitor,
        countIf(events.event = 'page_view' and not events.is_bot) as human_page_views,
        countIf(events.event = 'page_view' and not events.is_bot and events.channel = 'unknown') as unknown_channels,
        countIf(goals.event != '' and not events.is_bot) as conversions,
        countIf(goals.event != '' and not events.is_bot and events.value is null) as conversions_without_value,
        countIf(
            goals.event != '' and not events.is_bot and events.value is not null and events.currency = ''
        ) as conversions_without_currency
    from {{ events }} as events
    left any join goal_events as goals on events.tenant_id = goals.tenant_id and events.event = goals.event
    {% if builds_days() %}
        where events.occurred_on in {{ any_of(days) }}
    {% endif %}
    group by tenant_id, date_day
)

select
    received.tenant_id as tenant_id,
    received.date_day as date_day,
    received.copies_received as received,
    counted.events as events,
    toInt64(received.copies_received) - toInt64(counted.events) as copies,
    received.clocks_corrected as clocks_corrected,
    counted.events_by_kind as events_by_kind,
    counted.events_by_lateness as events_by_lateness,
    counted.events_of_programs as events_of_programs,
    counted.events_with_consent as events_with_consent,
    counted.events_refused as events_refused,
    counted.events_without_visitor as events_without_visitor,
    counted.human_page_views as human_page_views,
    counted.unknown_channels as unknown_channels,
    counted.conversions as conversions,
    counted.conversions_without_value as conversions_without_value,
    counted.conversions_without_currency as conversions_without_currency,
    pages_by_link.click_ids as click_ids,
    pages_by_link.unmatched_click_ids as unmatched_click_ids
from received
left any join counted on received.tenant_id = counted.tenant_id and received.date_day = counted.date_day
left any join pages_by_link
    on received.tenant_id = pages_by_link.tenant_id and received.date_day = pages_by_link.date_day
