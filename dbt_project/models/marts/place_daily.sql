{{ config(order_by='(tenant_id, date_day, platform, account_id)') }}

with places as (
    select
        *,
        lagInFrame(followers) over (
            partition by tenant_id, network, place_id
            order by date_day
            rows between unbounded preceding and current row
        ) as followers_before
    from {{ ref('stg_places') }}
),

posts as (
    select
        tenant_id,
        date_day,
        platform,
        account_id,
        count() as posts,
        countIf(is_new) as posts_published,
        sum(impressions) as impressions,
        sum(views) as views,
        sum(reactions) as reactions,
        sum(comments) as comments,
        sum(shares) as shares,
        sum(saves) as saves,
        sum(clicks) as clicks,
        sum(video_watch_seconds) as video_watch_seconds
    from {{ ref('organic_performance') }}
    group by tenant_id, date_day, platform, account_id
)

select
    places.tenant_id as tenant_id,
    places.date_day as date_day,
    toLowCardinality(toString(places.network)) as platform,
    places.place_id as account_id,
    places.place_name as account_name,
    places.followers as followers,
    places.followers - places.followers_before as followers_delta,
    toUInt64(posts.posts) as posts,
    toUInt64(posts.posts_published) as posts_published,
    posts.impressions as impressions,
    posts.views as views,
    posts.reactions as reactions,
    posts.comments as comments,
    posts.shares as shares,
    posts.saves as saves,
    posts.clicks as clicks,
    posts.video_watch_seconds as video_watch_seconds,
    places.fetched_at as fetched_at
from places
left any join posts
    on
        places.tenant_id = posts.tenant_id
        and places.network = posts.platform
        and places.place_id = posts.account_id
        and places.date_day = posts.date_day
