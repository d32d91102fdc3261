{#- Small parts that the materializations share. -#}

{% macro temporary_table(relation, suffix) -%}
  {{ return(api.Relation.create(database='temp', schema='main', identifier=relation.schema ~ '__' ~ relation.identifier ~ '__' ~ suffix, type='table')) }}
{%- endmacro %}

{#- A model that gained a column gives it to the table that is there; what it lost stays, as everywhere in the lake. -#}
{% macro add_missing_columns(target_relation, columns) -%}
  {%- set present = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list -%}
  {%- set missing = columns | rejectattr('name', 'in', present) | list -%}
  {%- if missing | length > 0 -%}
    {% do alter_relation_add_remove_columns(target_relation, missing, none) %}
  {%- endif -%}
{%- endmacro %}

{#- How many rows were inserted, updated and deleted, by these names, and `all`. -#}
{% macro count_changes(changes) -%}
  {%- set counts = {'inserted': 0, 'updated': 0, 'deleted': 0} -%}
  {%- for row in run_query('select change, count(*) from ' ~ changes ~ ' group by 1').rows -%}
    {%- do counts.update({row[0]: row[1] | int}) -%}
  {%- endfor -%}
  {%- do counts.update({'all': counts.values() | sum}) -%}
  {{ return(counts) }}
{%- endmacro %}

{#- What dbt's result says of a model: how many rows were written, also when none were. -#}
{% macro report_changes(counts) -%}
  {% do store_raw_result(
    name='main',
    message=counts['inserted'] ~ ' inserted, ' ~ counts['updated'] ~ ' updated, ' ~ counts['deleted'] ~ ' deleted',
    code='OK',
    rows_affected=counts['all'],
  ) %}
{%- endmacro %}
