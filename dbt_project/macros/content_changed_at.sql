{#- Since when a seed says what it says: its rows are loaded anew with every build, mostly unchanged. -#}
{% macro content_changed_at(seed) -%}
    {%- set content -%}
        (select toString(groupBitXor(cityHash64(*))) || '.' || toString(count()) from {{ seed }})
    {%- endset -%}
    {%- if is_built(this) -%}
        if(
            (select any(content) from {{ this }}) = {{ content }},
            (select max(changed_at) from {{ this }}),
            now64(3, 'UTC')
        ) as changed_at,
    {%- else -%}
        now64(3, 'UTC') as changed_at,
    {%- endif -%}
    {{ content }} as content
{%- endmacro %}
