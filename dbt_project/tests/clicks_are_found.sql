{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'tracking_health'}}}) }}

-- Days on which most pages that name a short link's click name one that never came in.
select
    tenant_id,
    date_day,
    unmatched_click_ids,
    click_ids
from {{ ref('tracking_health') }}
where
    date_day > today() - 7
    and unmatched_click_ids > greatest(click_ids / 2, 10)
