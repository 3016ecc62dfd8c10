{#- An id that a sender put among the other fields, as a text or as a number. -#}
{% macro id_in(props, name) -%}
    if(
        JSONType({{ props }}, '{{ name }}') in ('Int64', 'UInt64'),
        JSONExtractRaw({{ props }}, '{{ name }}'),
        JSONExtractString({{ props }}, '{{ name }}')
    )
{%- endmacro %}
