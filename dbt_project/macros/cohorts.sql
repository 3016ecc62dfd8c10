{#- The days of people whose first visit is another than it was when this model was built. -#}
{% macro days_of_moved_people(people, person_days) -%}
    {%- if not builds_days() or not is_incremental() or asked_days() -%}
        {{ return([]) }}
    {%- endif -%}
    {%- set moved -%}
        with moved as (
            select
                tenant_id,
                person_id
            from {{ people }}
            where moved_at > {{ last_built() }}
        )

        select distinct toString(date_day) as day
        from {{ person_days }}
        where
            (tenant_id, person_id) in (
                select
                    tenant_id,
                    person_id
                from moved
                union distinct
                select
                    tenant_id,
                    visitor_id as person_id
                from {{ ref('int_identities') }}
                where (tenant_id, person_id) in (select tenant_id, person_id from moved)
            )
        order by day
    {%- endset -%}
    {{ return(first_column(moved)) }}
{%- endmacro %}
