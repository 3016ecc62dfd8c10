{#- The days of which raw events came in since the last build, also where all of them are copies; or all there are. -#}
{% macro received_days(shipped) -%}
    {%- if not builds_days() or is_incremental() -%}
        {{ return(arrived_days(shipped)) }}
    {%- endif -%}
    {%- set received -%}
        select distinct toString(toDate(occurred_at)) as day
        from {{ shipped }}
        where {{ is_kept('toDate(occurred_at)') }}
        order by day
    {%- endset -%}
    {{ return(first_column(received)) }}
{%- endmacro %}
