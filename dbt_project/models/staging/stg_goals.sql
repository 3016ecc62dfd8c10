{{ config(materialized='table', order_by='(tenant_id, goal_id)') }}

select
    tenant_id,
    id as goal_id,
    name,
    event,
    refund_event,
    fixed_value,
    currency,
    counting,
    toUInt16(once_days) as once_days,
    toUInt16(lookback_days) as lookback_days,
    is_headline,
    changed_at
from {{ source('records', 'conversion_goals') }}
where archived_at is null
