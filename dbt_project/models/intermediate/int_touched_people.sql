{{
    config(
        materialized='table',
        order_by='(tenant_id, person_id)',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set as_of = begin_build() %}
{% set person_days, identities = ref('int_person_days'), ref('int_identities') %}
{% set people = person_days.incorporate(path={'identifier': 'int_people'}) %}
{% set learned = built_since(person_days, reader=people) if is_built(people) else [] %}
{{ building([], as_of) }}

-- Whom the next build of int_people has to look at, and when they were first met by name, as it is known now. A first
-- build looks at everybody and needs no list.
with seen as (
    select
        tenant_id,
        person_id,
        min((first_at, toString(first_channel), first_campaign_id)) as first
    from {{ person_days }}
    where date_day in {{ any_of(learned) }}
    group by tenant_id, person_id
),

held as (
    {% if is_built(people) %}
        select
            tenant_id,
            person_id,
            met_at,
            (met_at, toString(met_channel), met_campaign_id) as first
        from {{ people }}
    {% else %}
        select
            tenant_id,
            person_id,
            {{ never() }} as met_at,
            first
        from seen
        where false
    {% endif %}
),

changed as (
    select
        tenant_id,
        person_id
    from seen
    union distinct
    select
        tenant_id,
        person_id
    from held
    where toDate(met_at) in {{ any_of(learned) }}
),

-- Whose devices they are was here before as well, if only as a device.
touched as (
    select
        tenant_id,
        person_id
    from changed
    union distinct
    select
        tenant_id,
        person_id
    from {{ identities }}
    where (tenant_id, visitor_id) in (select tenant_id, person_id from changed)
),

known as (
    select
        touched.tenant_id as tenant_id,
        touched.person_id as person_id,
        held.person_id != '' as is_held,
        toDate(held.met_at) in {{ any_of(learned) }} as is_held_of_those_days,
        arrayMin(
            arrayConcat(
                if(seen.person_id = '', [], [seen.first]),
                if(is_held and not is_held_of_those_days, [held.first], [])
            )
        ) as first,
        seen.person_id = '' and (not is_held or is_held_of_those_days) as is_gone
    from touched
    left any join seen on touched.tenant_id = seen.tenant_id and touched.person_id = seen.person_id
    left any join (
        select *
        from held
        where (tenant_id, person_id) in (select tenant_id, person_id from touched)
    ) as held on touched.tenant_id = held.tenant_id and touched.person_id = held.person_id
),

-- Who was not there on their first day after all may have come later.
came_later as (
    select
        tenant_id,
        person_id,
        min((first_at, toString(first_channel), first_campaign_id)) as first
    from {{ person_days }}
    where
        date_day > {{ first_of(learned) }}
        and (tenant_id, person_id) in (
            select tenant_id, person_id
            from known
            where is_gone and is_held
        )
    group by tenant_id, person_id
)

select
    known.tenant_id as tenant_id,
    known.person_id as person_id,
    multiIf(
        not known.is_gone, known.first,
        came_later.person_id != '', came_later.first,
        -- One who was never there keeps a row that says so.
        ({{ never() }}, '', toInt64(0))
    ) as first
from known
left any join came_later
    on known.tenant_id = came_later.tenant_id and known.person_id = came_later.person_id
where not known.is_gone or known.is_held
