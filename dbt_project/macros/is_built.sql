{#- Whether the table of this model stands from a build before, which one that is built whole may look back at. -#}
{% macro is_built(model) -%}
    {{ return(execute and load_relation(model) is not none) }}
{%- endmacro %}
