{#- Small parts that the materializations share. -#}

{% macro temporary_table(relation, suffix) -%}
  {{ return(api.Relation.create(database='temp', schema='main', identifier=relation.schema ~ '__' ~ relation.identifier ~ '__' ~ suffix, type='table')) }}
{%- endmacro %}

{#- Compares the columns and types of a query with the model's contract. Call it before anything is written. -#}
{% macro expect_contract(query) -%}
  {%- if config.get('contract').enforced -%}
    {#- dbt compares inside a query of its own. A mistake in the model's SQL is told better of the SQL alone. -#}
    {% if target.type == 'duckdb' %}{% do run_query('explain ' ~ query) %}{% endif %}
    {% do get_assert_columns_equivalent(query) %}
  {%- endif -%}
{%- endmacro %}

{#- A model that gained a column gives it to the table that is there; what it lost stays, as everywhere in the lake. -#}
{% macro add_missing_columns(target_relation, columns) -%}
  {%- set present = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list -%}
  {%- set missing = columns | rejectattr('name', 'in', present) | list -%}
  {%- if missing | length > 0 -%}
    {% do alter_relation_add_remove_columns(target_relation, missing, none) %}
  {%- endif -%}
{%- endmacro %}

{#- How many rows were inserted, updated and deleted, by these names, `all`, and what the model's `tally` counts. -#}
{% macro count_changes(changes, target_relation, is_new=false) -%}
  {%- set counts = {'inserted': 0, 'updated': 0, 'deleted': 0} -%}
  {%- for row in run_query('select change, count(*) from ' ~ changes ~ ' group by 1').rows -%}
    {%- do counts.update({row[0]: row[1] | int}) -%}
  {%- endfor -%}
  {%- do counts.update({'all': counts.values() | sum}) -%}
  {%- for name, condition in config.get('tally', {}).items() -%}
    {%- set counted -%}
select count(*) from {{ changes }} as changed
left join (select * from {{ target_relation }} {{- ' where false' if is_new }}) as present
  on {% for column in config.require('unique_key') %}changed.{{ column }} = present.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
where {{ condition }}
    {%- endset -%}
    {%- do counts.update({name: run_query(counted).rows[0][0] | int if counts['all'] > 0 else 0}) -%}
  {%- endfor -%}
  {{ return(counts) }}
{%- endmacro %}

{#- What dbt's result says of a model: how many rows were written, also when none were. -#}
{% macro report_changes(counts) -%}
  {%- set told = [] -%}
  {%- for name, count in counts.items() if name != 'all' -%}
    {%- do told.append(count ~ ' ' ~ name) -%}
  {%- endfor -%}
  {% do store_raw_result(
    name='main',
    message=told | join(', '),
    code='OK',
    rows_affected=counts['all'],
  ) %}
{%- endmacro %}
