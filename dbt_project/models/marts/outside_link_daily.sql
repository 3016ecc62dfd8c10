{{ config(order_by='(tenant_id, date_day, channel, group_id, link_id)') }}

-- A campaign is the one whose utm_campaign the link's target carries, in any case, as for ads.
with by_name as (
    select
        campaigns.tenant_id,
        lower(campaigns.utm_campaign) as target_campaign,
        min(campaigns.campaign_id) as campaign_id,
        argMin(campaigns.name, campaigns.campaign_id) as campaign_name
    from {{ ref('stg_campaigns') }} as campaigns
    where campaigns.utm_campaign != ''
    group by campaigns.tenant_id, target_campaign
),

followed as (
    select
        *,
        lower(decodeURLFormComponent(extractURLParameter(long_url, 'utm_campaign'))) as target_campaign
    from {{ ref('stg_link_clicks') }}
)

select
    followed.tenant_id as tenant_id,
    followed.date_day as date_day,
    toLowCardinality(toString(followed.channel)) as channel,
    followed.group_id as group_id,
    followed.group_name as group_name,
    followed.link_id as link_id,
    followed.link as link,
    followed.long_url as long_url,
    followed.title as title,
    by_name.campaign_id as campaign_id,
    by_name.campaign_name as campaign_name,
    toUInt64(followed.clicks) as clicks,
    followed.fetched_at as fetched_at
from followed
left any join by_name
    on followed.tenant_id = by_name.tenant_id and followed.target_campaign = by_name.target_campaign
