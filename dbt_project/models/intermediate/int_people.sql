{{
    config(
        materialized='incremental',
        incremental_strategy='delete_insert',
        unique_key=['tenant_id', 'person_id'],
        order_by='(tenant_id, person_id)',
        pre_hook='{{ forget_builds() }}',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set person_days, identities = ref('int_person_days'), ref('int_identities') %}
{% set as_of = begin_build() %}
{% set learned = built_since(person_days) %}
{% set never = "toDateTime64('2200-01-01 00:00:00', 3, 'UTC')" %}
{{ building([], as_of) }}

with changed as (
    select distinct
        tenant_id,
        person_id
    from {{ person_days }}
    {% if is_incremental() %}
        where date_day in {{ any_of(learned) }}
        union distinct
        select
            tenant_id,
            person_id
        from {{ this }}
        where toDate(met_at) in {{ any_of(learned) }}
    {% endif %}
),

-- Whose devices they are was here before as well, if only as a device.
touched as (
    select
        tenant_id,
        person_id
    from changed
    {% if is_incremental() %}
        union distinct
        select
            tenant_id,
            person_id
        from {{ identities }}
        where (tenant_id, visitor_id) in (select tenant_id, person_id from changed)
    {% endif %}
),

days as (
    select
        tenant_id,
        person_id,
        (first_at, toString(first_channel), first_campaign_id) as first
    from {{ person_days }}
    {% if is_incremental() %}
        where date_day in {{ any_of(learned) }}
        union all
        select
            tenant_id,
            person_id,
            (met_at, toString(met_channel), met_campaign_id) as first
        from {{ this }}
        where
            (tenant_id, person_id) in (select tenant_id, person_id from touched)
            and toDate(met_at) not in {{ any_of(learned) }}
        union all
        -- Who was not there on their first day after all may have come later.
        select
            tenant_id,
            person_id,
            (first_at, toString(first_channel), first_campaign_id) as first
        from {{ person_days }}
        where
            date_day > {{ first_of(learned) }}
            and (tenant_id, person_id) in (
                select
                    tenant_id,
                    person_id
                from {{ this }}
                where
                    toDate(met_at) in {{ any_of(learned) }}
                    and (tenant_id, person_id, toDate(met_at)) not in (
                        select
                            tenant_id,
                            person_id,
                            date_day
                        from {{ person_days }}
                        where date_day in {{ any_of(learned) }}
                    )
            )
    {% endif %}
),

met as (
    select
        tenant_id,
        person_id,
        min(days.first) as first
    from days
    group by tenant_id, person_id
    {% if is_incremental() %}
        union all
        -- One who was never there keeps a row that says so.
        select
            tenant_id,
            person_id,
            ({{ never }}, '', toInt64(0)) as first
        from touched
        where
            (tenant_id, person_id) not in (select tenant_id, person_id from days)
            and (tenant_id, person_id) in (select tenant_id, person_id from {{ this }})
    {% endif %}
),

devices as (
    select *
    from {{ identities }}
    where
        (tenant_id, person_id) in (select tenant_id, person_id from touched)
        and person_id != visitor_id
),

met_at_devices as (
    select
        tenant_id,
        person_id as visitor_id,
        met.first as first
    from met
    {% if is_incremental() %}
        union all
        select
            tenant_id,
            person_id as visitor_id,
            (met_at, toString(met_channel), met_campaign_id) as first
        from {{ this }}
        where
            (tenant_id, person_id) in (select tenant_id, visitor_id from devices)
            and (tenant_id, person_id) not in (select tenant_id, person_id from touched)
    {% endif %}
),

-- Who logs in had often looked around before: the first visit is the first one at a device that was known to be theirs
-- when they were first met by name. What is learned later moves nobody to another week.
before as (
    select
        met.tenant_id as tenant_id,
        met.person_id as person_id,
        min(met_at_devices.first) as first
    from met
    inner join devices on met.tenant_id = devices.tenant_id and met.person_id = devices.person_id
    inner join met_at_devices
        on devices.tenant_id = met_at_devices.tenant_id and devices.visitor_id = met_at_devices.visitor_id
    where
        met_at_devices.first.1 < met.first.1
        and met_at_devices.first.1 >= devices.valid_from
        and met_at_devices.first.1 < devices.valid_to
        and devices.known_at <= {{ known_by('met.first.1') }}
    group by tenant_id, person_id
)

{% set first = "if(before.person_id = '', met.first, before.first)" %}
select
    met.tenant_id as tenant_id,
    met.person_id as person_id,
    met.first.1 as met_at,
    toLowCardinality(met.first.2) as met_channel,
    met.first.3 as met_campaign_id,
    tupleElement({{ first }}, 1) as first_at,
    toLowCardinality(tupleElement({{ first }}, 2)) as first_channel,
    tupleElement({{ first }}, 3) as first_campaign_id,
    {% if is_incremental() %}
        -- Whoever was counted under another first visit is counted again.
        multiIf(
            held.person_id = '', toDateTime64(0, 6, 'UTC'),
            held.first_at = first_at and held.first_channel = first_channel, held.moved_at,
            toDateTime64('{{ as_of }}', 6, 'UTC')
        ) as moved_at
    {% else %}
        toDateTime64(0, 6, 'UTC') as moved_at
    {% endif %}
from met
left any join before on met.tenant_id = before.tenant_id and met.person_id = before.person_id
{% if is_incremental() %}
    left any join (
        select
            tenant_id,
            person_id,
            first_at,
            first_channel,
            moved_at
        from {{ this }}
        where (tenant_id, person_id) in (select tenant_id, person_id from touched)
    ) as held on met.tenant_id = held.tenant_id and met.person_id = held.person_id
{% endif %}
