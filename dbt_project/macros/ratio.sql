{#- A ratio that is unknown, not infinite, where there is nothing to divide by. -#}
{% macro ratio(part, whole) -%}
    if({{ whole }} = 0, null, toFloat64({{ part }}) / toFloat64({{ whole }}))
{%- endmacro %}
