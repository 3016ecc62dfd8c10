{{ config(materialized='table', order_by='(tenant_id, campaign_id)') }}

select
    tenant_id,
    id as campaign_id,
    name,
    utm_campaign,
    status
from {{ source('records', 'campaigns') }}
