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
{% set touched = ref('int_touched_people') %}
{% set as_of = moment_of(touched) if is_incremental() else begin_build() %}
{{ building([], as_of) }}

with met as (
    {% if is_incremental() %}
        select
            tenant_id,
            person_id,
            first
        from {{ touched }}
    {% else %}
        select
            tenant_id,
            person_id,
            min((first_at, toString(first_channel), first_campaign_id)) as first
        from {{ person_days }}
        group by tenant_id, person_id
    {% endif %}
),

devices as (
    select *
    from {{ identities }}
    where
        (tenant_id, person_id) in (select tenant_id, person_id from met)
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
            and (tenant_id, person_id) not in (select tenant_id, person_id from met)
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
        where (tenant_id, person_id) in (select tenant_id, person_id from met)
    ) as held on met.tenant_id = held.tenant_id and met.person_id = held.person_id
{% endif %}
