{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'tracking_health'}}}) }}

-- Days on which conversions named a value in no currency, which then counts as the tenant's own.
select
    tenant_id,
    date_day,
    conversions_without_currency,
    conversions
from {{ ref('tracking_health') }}
where
    date_day > today() - 7
    and conversions_without_currency > conversions / 10
