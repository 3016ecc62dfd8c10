{#-
    People behind devices, for rows that stand for themselves: who somebody was at a moment, by what was known of the
    device up to another one. Whatever reads people like this is closed once that moment is over.
-#}

{#- All that is known of who was met at some devices, the newest first. -#}
{% macro owners_of(devices) -%}
    (
        select
            tenant_id,
            visitor_id,
            arrayReverseSort(
                groupArray((known_at, startsWith(person_id, 'user:'), person_id, valid_from, valid_to))
            ) as owners
        from {{ ref('int_identities') }}
        where (tenant_id, visitor_id) in (select tenant_id, visitor_id from {{ devices }})
        group by tenant_id, visitor_id
    )
{%- endmacro %}

{#- The person at a device at a moment, by what was known until then; the device itself where nobody is. -#}
{% macro person_known(visitor_id, owners, moment, known_until) -%}
    if(
        (
            arrayFirst(
                owner -> owner.1 <= {{ known_until }} and owner.4 <= {{ moment }} and owner.5 > {{ moment }}, {{ owners }}
            ) as owner
        ).3 = '',
        {{ visitor_id }},
        owner.3
    )
{%- endmacro %}

{#-
    Who is at a device from which moment on, by what is known so many days after each moment: rows to be joined as of a
    moment, for tables that are too long to carry all that is known beside every row.
-#}
{% macro person_since(devices, known_days) -%}
    (
        with owned as {{ owners_of(devices) }}

        select
            tenant_id,
            visitor_id,
            arrayJoin(
                arrayDistinct(
                    arrayFlatten(
                        arrayMap(owner -> [owner.1 - toIntervalDay({{ known_days }}), owner.4, owner.5], owners)
                    )
                )
            ) as since,
            {{ person_known(
                'visitor_id', 'owners', 'since', 'since + toIntervalDay(' ~ known_days ~ ')'
            ) }} as person_id
        from owned
    )
{%- endmacro %}

{#-
    The days on which devices were seen of whose people something was learned since this model was built. What is
    learned on a day may be about the `known_days` before it.
-#}
{% macro days_of_devices(seen, edges, splits, day, visitor_id='visitor_id', known_days=0) -%}
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

        select distinct toString({{ day }}) as day
        from {{ seen }}
        where
            (tenant_id, {{ visitor_id }}) in (select tenant_id, visitor_id from devices)
            -- A split takes back what was believed at any time.
            and {{ day }} >= if(
                (select count() from split) > 0, toDate(0), {{ first_of(learned) }} - ({{ known_days }}) - 1
            )
            and {{ is_kept(day) }}
        order by day
    {%- endset -%}
    {{ return(first_column(known)) }}
{%- endmacro %}

{#- All days of the weeks that these days lie in, Monday first. -#}
{% macro weeks_of(days) -%}
    {%- set whole = [] -%}
    {%- for day in days -%}
        {%- set date = modules.datetime.date.fromisoformat(day) -%}
        {%- set monday = date - modules.datetime.timedelta(days=date.weekday()) -%}
        {%- for offset in range(7) -%}
            {%- do whole.append((monday + modules.datetime.timedelta(days=offset)).isoformat()) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(whole | unique | sort | list) }}
{%- endmacro %}
