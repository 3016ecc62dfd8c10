{{ config(order_by='(tenant_id, experiment_id, variant_id)') }}

with totals as (
    select
        tenant_id,
        variant_id,
        sum(exposures) as exposures,
        sum(human_exposures) as human_exposures,
        sum(bot_exposures) as bot_exposures,
        sum(clicks) as clicks,
        sum(human_clicks) as human_clicks,
        sum(bot_clicks) as bot_clicks,
        max(date_day) as last_day
    from {{ ref('int_variant_daily') }}
    group by tenant_id, variant_id
)

select
    variants.tenant_id as tenant_id,
    variants.experiment_id as experiment_id,
    variants.experiment_name as experiment_name,
    variants.variant_id as variant_id,
    variants.variant_name as variant_name,
    toUInt64(totals.exposures) as exposures,
    toUInt64(totals.human_exposures) as human_exposures,
    toUInt64(totals.bot_exposures) as bot_exposures,
    toUInt64(totals.clicks) as clicks,
    toUInt64(totals.human_clicks) as human_clicks,
    toUInt64(totals.bot_clicks) as bot_clicks,
    {{ ratio('totals.human_clicks', 'totals.human_exposures') }} as click_rate,
    if(totals.variant_id = 0, null, totals.last_day) as last_day
from {{ ref('stg_variants') }} as variants
left any join totals
    on variants.tenant_id = totals.tenant_id and variants.variant_id = totals.variant_id
