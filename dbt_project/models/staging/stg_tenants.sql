{{ config(materialized='table', order_by='tenant_id') }}

select
    id as tenant_id,
    slug,
    name,
    time_zone,
    currency
from {{ source('records', 'tenants') }}
