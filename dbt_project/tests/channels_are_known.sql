{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'tracking_health'}}}) }}

-- Days on which the channel of more than a tenth of the pages is not known: events from before the rules, or a sender that hides them.
select
    tenant_id,
    date_day,
    unknown_channels,
    human_page_views
from {{ ref('tracking_health') }}
where
    date_day > today() - 7
    and unknown_channels > human_page_views / 10
