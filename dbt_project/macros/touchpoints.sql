{#- Whom the messages went to that events of these days speak of. -#}
{% macro readers(events, days) -%}
    (
        select
            tenant_id,
            message_id,
            max(contact_id) as contact_id,
            max(campaign_id) as campaign_id
        from {{ source('raw', 'deliveries') }}
        where
            (tenant_id, message_id) in (
                select
                    tenant_id,
                    message_id
                from {{ events }}
                where
                    message_id != ''
                    {% if builds_days() %}
                        and occurred_on in {{ any_of(days) }}
                    {% endif %}
            )
        group by tenant_id, message_id
    )
{%- endmacro %}

{#- The days of visits that came by a link which was followed on these days. -#}
{% macro days_of_landings(events, visits, days) -%}
    {%- if not days or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set landed -%}
        select distinct toString(started_on) as day
        from {{ visits }}
        where
            click_id != ''
            and started_on between {{ first_of(days) }} - 1 and toDate('{{ days[-1] }}') + {{ var('click_days') }}
            and (tenant_id, click_id) in (
                select
                    tenant_id,
                    event_id
                from {{ events }}
                where event = 'click' and occurred_on in {{ any_of(days) }}
            )
        order by day
    {%- endset -%}
    {{ return(first_column(landed)) }}
{%- endmacro %}

{#- The days of clicks that are known to have led to a visit since these days were built: they stood alone before. -#}
{% macro days_of_lone_clicks(events, visits, days) -%}
    {%- if not days or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set alone -%}
        select distinct toString(occurred_on) as day
        from {{ events }}
        where
            event = 'click'
            and visitor_id != ''
            and occurred_on between {{ first_of(days) }} - {{ var('click_days') }} and toDate('{{ days[-1] }}') + 1
            and (tenant_id, event_id) in (
                select
                    tenant_id,
                    click_id
                from {{ visits }}
                where click_id != '' and started_on in {{ any_of(days) }}
            )
        order by day
    {%- endset -%}
    {{ return(first_column(alone)) }}
{%- endmacro %}
