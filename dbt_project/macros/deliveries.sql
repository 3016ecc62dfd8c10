{#- The days on which messages left the house since the last build; what a run was late to write included. -#}
{% macro days_of_deliveries(deliveries) -%}
    {%- if not builds_days() or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set delivered -%}
        select distinct toString(toDate(occurred_at)) as day
        from {{ deliveries }}
        where
            {{ is_kept('toDate(occurred_at)') }}
            {% if is_incremental() %}
                and occurred_at >= {{ unseen_since() }} - toIntervalDay(1)
            {% endif %}
        order by day
    {%- endset -%}
    {{ return(first_column(delivered)) }}
{%- endmacro %}
