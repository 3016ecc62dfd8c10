{{ config(materialized='view') }}

-- A view: links are many and get new names, and the days behind it are built one by one.
select
    daily.tenant_id as tenant_id,
    daily.date_day as date_day,
    daily.link_id as link_id,
    links.slug as slug,
    links.target_url as target_url,
    daily.variant_id as variant_id,
    variants.variant_name as variant_name,
    daily.campaign_id as campaign_id,
    campaigns.name as campaign_name,
    toUInt64(daily.clicks) as clicks,
    toUInt64(daily.human_clicks) as human_clicks,
    toUInt64(daily.bot_clicks) as bot_clicks,
    toUInt64(daily.human_visitors) as human_visitors
from {{ ref('int_link_daily') }} as daily
left any join {{ ref('stg_links') }} as links
    on daily.tenant_id = links.tenant_id and daily.link_id = links.link_id
left any join {{ ref('stg_variants') }} as variants
    on daily.tenant_id = variants.tenant_id and daily.variant_id = variants.variant_id
left any join {{ ref('stg_campaigns') }} as campaigns
    on daily.tenant_id = campaigns.tenant_id and daily.campaign_id = campaigns.campaign_id
