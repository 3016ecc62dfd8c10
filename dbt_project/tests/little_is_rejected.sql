{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'tracking_health'}}}) }}

-- Days on which more than a tenth of what came in was refused.
select
    tenant_id,
    date_day,
    rejected,
    received
from {{ ref('tracking_health') }}
where
    date_day > today() - 7
    and rejected > greatest(received / 10, 10)
