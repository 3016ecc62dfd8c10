{#- Whether anything that happened on these days was ever computed again; without days, whether anything was at all. -#}
{% macro were_recomputed(days) -%}
    {%- set recomputed = source('raw', 'renormalised_events') -%}
    {%- if not execute -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set found -%}
        select 1 as is_there
        from {{ recomputed }}
        {% if is_incremental() %}
            where toDate(occurred_at) in {{ any_of(days) }} and received_at >= {{ first_of(days) }} - 1
        {% endif %}
        limit 1
    {%- endset -%}
    {{ return(run_query(found).rows | length > 0) }}
{%- endmacro %}

{#- A column as today's rules fill it: what was computed again stands, unless what was shipped has a higher version. -#}
{% macro by_newest_rules(column, is_recomputed) -%}
    {%- if is_recomputed -%}
        {#- The cast keeps the type, or the day could not take its place in the table. -#}
        cast(
            if(recomputed.rules_version >= greatest(events.rules_version, 1), recomputed.{{ column }}, events.{{ column }}),
            toTypeName(events.{{ column }})
        )
    {%- else -%}
        events.{{ column }}
    {%- endif -%}
{%- endmacro %}
