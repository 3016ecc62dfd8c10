{{ config(materialized='table', order_by='(tenant_id, visitor_id, person_id)') }}

select
    tenant_id,
    visitor_id,
    person_id,
    changed_at
from {{ source('records', 'identity_splits') }}
where taken_back_at is null
