{#- What a post was given since the reading before: all of it where it is new, unknown where it was there before anybody looked. -#}
{% macro gained(counter) -%}
    multiIf(read.is_known, read.{{ counter }} - read.{{ counter }}_before, read.is_new, read.{{ counter }}, null)
{%- endmacro %}
