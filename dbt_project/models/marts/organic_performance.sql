{{ config(order_by='(tenant_id, date_day, platform, account_id, post_id)') }}

with places as (
    select
        *,
        lagInFrame(fetched_at) over (
            partition by tenant_id, network, place_id
            order by date_day
            rows between unbounded preceding and current row
        ) as read_before_at
    from {{ ref('stg_places') }}
),

posts as (
    select
        *,
        lagInFrame(impressions) over readings as impressions_before,
        lagInFrame(views) over readings as views_before,
        lagInFrame(reach) over readings as reach_before,
        lagInFrame(reactions) over readings as reactions_before,
        lagInFrame(comments) over readings as comments_before,
        lagInFrame(shares) over readings as shares_before,
        lagInFrame(saves) over readings as saves_before,
        lagInFrame(clicks) over readings as clicks_before,
        lagInFrame(video_watch_seconds) over readings as video_watch_seconds_before,
        lagInFrame(toNullable(date_day)) over readings as read_before_on
    from {{ ref('stg_posts') }}
    window readings as (
        partition by tenant_id, network, place_id, post_id
        order by date_day
        rows between unbounded preceding and current row
    )
),

-- What the house itself has published, by the post's own number or its address.
published as (
    select
        tenant_id,
        trim(trailing '/' from replaceOne(outcome, 'published: ', '')) as told,
        arrayElement(splitByChar('/', told), -1) as told_id,
        action_id,
        campaign_id
    from {{ ref('stg_deliveries') }}
    where startsWith(outcome, 'published: ')
),

-- What a post had been given when it was first read is no day's, unless it has appeared since its place was last read.
read as (
    select
        posts.*,
        places.place_name as place_name,
        posts.read_before_on is not null as is_known,
        not is_known
        and (
            toDate(posts.published_at) = posts.date_day
            or (places.read_before_at > toDateTime64(0, 3, 'UTC') and posts.published_at >= places.read_before_at)
        ) as is_new
    from posts
    left any join places
        on
            posts.tenant_id = places.tenant_id
            and posts.network = places.network
            and posts.place_id = places.place_id
            and posts.date_day = places.date_day
)

select
    read.tenant_id as tenant_id,
    read.date_day as date_day,
    toLowCardinality(toString(read.network)) as platform,
    read.place_id as account_id,
    read.place_name as account_name,
    read.post_id as post_id,
    read.post_url as post_url,
    read.published_at as created_at,
    read.beginning as beginning,
    if(by_id.action_id != 0, by_id.action_id, by_address.action_id) as action_id,
    if(by_id.action_id != 0, by_id.campaign_id, by_address.campaign_id) as campaign_id,
    read.read_before_on as read_before_on,
    toBool(read.is_new) as is_new,
    {{ gained('impressions') }} as impressions,
    {{ gained('views') }} as views,
    {{ gained('reach') }} as reach,
    {{ gained('reactions') }} as reactions,
    {{ gained('comments') }} as comments,
    {{ gained('shares') }} as shares,
    {{ gained('saves') }} as saves,
    {{ gained('clicks') }} as clicks,
    {{ gained('video_watch_seconds') }} as video_watch_seconds,
    read.impressions as total_impressions,
    read.views as total_views,
    read.reach as total_reach,
    read.reactions as total_reactions,
    read.comments as total_comments,
    read.shares as total_shares,
    read.saves as total_saves,
    read.clicks as total_clicks,
    read.video_watch_seconds as total_video_watch_seconds
from read
left any join published as by_id
    on read.tenant_id = by_id.tenant_id and read.post_id = by_id.told_id
left any join published as by_address
    on read.tenant_id = by_address.tenant_id and trim(trailing '/' from read.post_url) = by_address.told
