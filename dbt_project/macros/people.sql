{#-
    People: whom an edge that came lately concerns, and so which conversions have to be read again.

    Who somebody is at a moment is what was known then, and a little later: a login does not reach back for ever, so
    that a closed month stays as it is.
-#}

{#- How long after a moment something may come to be known that still counts for it. -#}
{% macro known_by(moment) -%}
    {{ moment }} + toIntervalDay({{ var('identity_reach_days') }})
{%- endmacro %}

{#- The person at a device at a moment, out of all that is known of the device; nothing where nobody is. -#}
{% macro person_at(moment, identities='identities') -%}
    argMaxIf(
        {{ identities }}.person_id,
        ({{ identities }}.known_at, startsWith({{ identities }}.person_id, 'user:')),
        {{ identities }}.person_id != ''
        and {{ identities }}.valid_from <= {{ moment }}
        and {{ identities }}.valid_to > {{ moment }}
        and {{ identities }}.known_at <= {{ known_by(moment) }}
    )
{%- endmacro %}

{#- The days of conversions by people of whom something was learned since they were built. -#}
{% macro days_of_people(conversions, edges, splits) -%}
    {%- if not builds_days() or not is_incremental() or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set learned = built_since(edges) -%}
    {%- set known -%}
        with split as (
            select
                tenant_id,
                visitor_id,
                person_id
            from {{ splits }}
            where changed_at {{ on_clock('records') }} > {{ last_built() }}
        ),

        met as (
            select distinct
                tenant_id,
                identity
            from {{ edges }}
            where seen_on in {{ any_of(learned) }}
            union distinct
            select
                tenant_id,
                person_id as identity
            from split
        ),

        devices as (
            select distinct
                tenant_id,
                visitor_id
            from {{ edges }}
            where (tenant_id, identity) in (select tenant_id, identity from met)
            union distinct
            select
                tenant_id,
                visitor_id
            from split
        )

        select distinct toString(converted_on) as day
        from {{ conversions }}
        where
            (
                (tenant_id, visitor_id) in (select tenant_id, visitor_id from devices)
                or (tenant_id, person_id) in (select tenant_id, identity from met)
            )
            and (
                converted_on >= {{ first_of(learned) }} - {{ var('identity_reach_days') }} - 1
                or (select count() from split) > 0
            )
            and {{ is_kept('converted_on') }}
        order by day
    {%- endset -%}
    {{ return(first_column(known)) }}
{%- endmacro %}
