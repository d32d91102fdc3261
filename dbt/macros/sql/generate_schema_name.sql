{#- A model's schema is its namespace in the lake, the same on every target: dbt's own version puts the target's before it. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
  {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
