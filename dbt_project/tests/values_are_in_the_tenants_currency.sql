{{ config(severity='warn') }}

-- Conversions whose value is left out of every total, because it is in a currency there is no rate for.
select
    tenant_id,
    original_currency,
    count() as conversions
from {{ ref('int_conversions') }}
where original_currency != currency and original_value != 0
group by tenant_id, original_currency
