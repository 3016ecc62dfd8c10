{{ config(order_by='(tenant_id, date_day)') }}

with counted as (
    select *
    from {{ ref('int_tracking_days') }}
),

rejected as (
    select
        tenant_id,
        date_day,
        sum(rejected) as all_rejected,
        sumMap(map(toString(reason), toUInt64(rejected))) as rejected_by_reason
    from {{ ref('int_rejected_days') }}
    group by tenant_id, date_day
),

-- From the moment too many people were met at a device it is nobody's.
shared as (
    select
        tenant_id,
        toDate(valid_from) as date_day,
        count() as devices_shared
    from {{ ref('int_device_owners') }}
    where identity = visitor_id
    group by tenant_id, date_day
),

met as (
    select
        tenant_id,
        identity,
        visitor_id,
        min(first_at) as met_at
    from {{ ref('int_identity_edges') }}
    where
        (tenant_id, identity) in (
            select
                tenant_id,
                identity
            from {{ ref('int_identity_edges') }}
            group by tenant_id, identity
            having uniqExact(visitor_id) > {{ var('most_devices_of_a_person') }}
        )
    group by tenant_id, identity, visitor_id
),

numbered as (
    select
        *,
        row_number() over (partition by tenant_id, identity order by met_at, visitor_id) as device_number
    from met
),

crowded as (
    select
        tenant_id,
        toDate(met_at) as date_day,
        count() as devices_refused,
        uniqExact(identity) as people_crowded
    from numbered
    where device_number > {{ var('most_devices_of_a_person') }}
    group by tenant_id, date_day
),

days as (
    select
        tenant_id,
        date_day
    from counted
    union distinct
    select
        tenant_id,
        date_day
    from rejected
    union distinct
    select
        tenant_id,
        date_day
    from shared
    union distinct
    select
        tenant_id,
        date_day
    from crowded
)

select
    days.tenant_id as tenant_id,
    days.date_day as date_day,
    counted.received as received,
    counted.events as events,
    counted.copies as copies,
    counted.events_by_kind as events_by_kind,
    counted.events_by_lateness as events_by_lateness,
    counted.clocks_corrected as clocks_corrected,
    toUInt64(rejected.all_rejected) as rejected,
    rejected.rejected_by_reason as rejected_by_reason,
    counted.events_of_programs as events_of_programs,
    {{ ratio('counted.events_of_programs', 'counted.events') }} as share_of_programs,
    {{ ratio('counted.events_with_consent', 'counted.events') }} as share_with_consent,
    {{ ratio('counted.events_refused', 'counted.events') }} as share_refused,
    counted.events_without_visitor as events_without_visitor,
    counted.human_page_views as human_page_views,
    counted.unknown_channels as unknown_channels,
    counted.conversions as conversions,
    counted.conversions_without_value as conversions_without_value,
    counted.conversions_without_currency as conversions_without_currency,
    counted.click_ids as click_ids,
    counted.unmatched_click_ids as unmatched_click_ids,
    shared.devices_shared as devices_shared,
    crowded.people_crowded as people_crowded,
    crowded.devices_refused as devices_refused
from days
left any join counted on days.tenant_id = counted.tenant_id and days.date_day = counted.date_day
left any join rejected on days.tenant_id = rejected.tenant_id and days.date_day = rejected.date_day
left any join shared on days.tenant_id = shared.tenant_id and days.date_day = shared.date_day
left any join crowded on days.tenant_id = crowded.tenant_id and days.date_day = crowded.date_day
