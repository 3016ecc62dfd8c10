{{
    config(
        materialized='table',
        order_by='(tenant_id, visitor_id)',
        post_hook="{{ remember_build(model['compiled_code']) }}",
    )
}}

{% set as_of = begin_build() %}
{% set edges, splits = ref('int_identity_edges'), source('records', 'identity_splits') %}
{% set owners = edges.incorporate(path={'identifier': 'int_device_owners'}) %}
{% set learned = built_since(edges, reader=owners) %}
{{ building([], as_of) }}

-- Devices of which something was learned or forgotten since it was last said whose they are, with all others of the
-- same people, who may have so many. A first build says it of all and needs no list.
with met as (
    select distinct
        tenant_id,
        identity
    from {{ edges }}
    where seen_on in {{ any_of(learned) }}
),

split_lately as (
    select
        tenant_id,
        visitor_id
    from {{ splits }}
    where changed_at {{ on_clock('records') }} > {{ last_built(owners) }}
),

touched as materialized (
    select
        tenant_id,
        visitor_id
    from {{ edges }}
    where (tenant_id, identity) in (select tenant_id, identity from met)
    union distinct
    select
        tenant_id,
        visitor_id
    from split_lately
    {% if is_built(owners) %}
        union distinct
        select
            tenant_id,
            visitor_id
        from {{ owners }}
        where toDate(known_at) in {{ any_of(learned) }}
    {% endif %}
)

select
    tenant_id,
    visitor_id,
    {% if is_built(owners) %}
        (tenant_id, visitor_id) in (
            select
                tenant_id,
                visitor_id
            from {{ owners }}
            where (tenant_id, visitor_id) in (select tenant_id, visitor_id from touched)
        ) as is_held
    {% else %}
        false as is_held
    {% endif %}
from touched
