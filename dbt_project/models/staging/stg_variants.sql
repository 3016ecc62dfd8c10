{{ config(materialized='table', order_by='(tenant_id, experiment_id, variant_id)') }}

select
    variants.tenant_id as tenant_id,
    variants.id as variant_id,
    variants.experiment_id as experiment_id,
    experiments.name as experiment_name,
    experiments.status as experiment_status,
    variants.name as variant_name,
    variants.headline as headline,
    variants.link_id as link_id,
    variants.weight as weight
from {{ source('records', 'variants') }} as variants
inner join {{ source('records', 'experiments') }} as experiments
    on variants.tenant_id = experiments.tenant_id and variants.experiment_id = experiments.id
