{{ config(materialized='table', order_by='(tenant_id, contact)') }}

with owners as (
    select *
    from {{ ref('int_device_owners') }}
    where (tenant_id, visitor_id) in (
        select
            tenant_id,
            visitor_id
        from {{ ref('int_device_owners') }}
        where startsWith(identity, 'contact:')
    )
),

contacts as (
    select
        tenant_id,
        visitor_id,
        identity as contact,
        min(owners.known_at) as known_at
    from owners
    where startsWith(identity, 'contact:')
    group by tenant_id, visitor_id, contact
),

-- A contact is the first user they were met as: at one device, or because a server told so.
met_as as (
    select
        contacts.tenant_id as tenant_id,
        contacts.contact as contact,
        owners.identity as user,
        greatest(contacts.known_at, owners.known_at) as known_at
    from owners
    inner join contacts
        on owners.tenant_id = contacts.tenant_id and owners.visitor_id = contacts.visitor_id
    where startsWith(owners.identity, 'user:')
    union all
    select
        tenant_id,
        visitor_id as contact,
        identity as user,
        first_at as known_at
    from {{ ref('int_identity_edges') }}
    where
        startsWith(visitor_id, 'contact:')
        and (tenant_id, visitor_id, identity) not in (
            select
                tenant_id,
                visitor_id,
                person_id
            from {{ ref('stg_identity_splits') }}
        )
)

select
    tenant_id,
    contact,
    argMin(met_as.user, (met_as.known_at, met_as.user)) as user,
    min(met_as.known_at) as known_at
from met_as
group by tenant_id, contact
