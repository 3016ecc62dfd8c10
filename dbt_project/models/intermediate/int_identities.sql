{{ config(materialized='view') }}

-- A view, since what stands behind it is kept by the device: people are looked up a few at a time.
with owners as (
    select *
    from {{ ref('int_device_owners') }}
    where identity != ''
),

aliases as (
    select *
    from {{ ref('int_contact_aliases') }}
)

select
    tenant_id,
    visitor_id,
    identity as person_id,
    valid_from,
    valid_to,
    known_at
from owners
union all
select
    owners.tenant_id as tenant_id,
    owners.visitor_id as visitor_id,
    aliases.user as person_id,
    owners.valid_from as valid_from,
    owners.valid_to as valid_to,
    greatest(owners.known_at, aliases.known_at) as known_at
from owners
inner join aliases on owners.tenant_id = aliases.tenant_id and owners.identity = aliases.contact
union all
select
    tenant_id,
    contact as visitor_id,
    user as person_id,
    toDateTime64(0, 3, 'UTC') as valid_from,
    {{ never() }} as valid_to,
    known_at
from aliases
