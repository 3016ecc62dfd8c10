{{ config(materialized='table', order_by='(tenant_id, link_id)') }}

select
    tenant_id,
    id as link_id,
    slug,
    target_url,
    coalesce(campaign_id, 0) as campaign_id,
    lower(channel) as channel,
    archived_at is not null as is_archived
from {{ source('records', 'links') }}
