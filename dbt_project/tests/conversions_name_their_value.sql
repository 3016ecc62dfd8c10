{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'tracking_health'}}}) }}

-- Days on which more than a tenth of the conversions named no value: their revenue is lost.
select
    tenant_id,
    date_day,
    conversions_without_value,
    conversions
from {{ ref('tracking_health') }}
where
    date_day > today() - 7
    and conversions_without_value > conversions / 10
