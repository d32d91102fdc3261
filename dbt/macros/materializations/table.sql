{#-
  dbt-duckdb's `table` builds a second table and swaps names, which an Iceberg catalog refuses in one transaction. Here:
  make the table, or replace its rows in one transaction, so that it keeps its snapshots and its readers. When the rows
  are the same ones already, nothing is committed.
-#}
{% materialization table, adapter='duckdb', supported_languages=['sql'] %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {% do adapter.ensure_transaction() %}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {% do expect_contract(compiled_code) %}
  {% if existing is none %}
    {% call statement('main') -%}
      create table {{ target_relation }} as {{ compiled_code }}
    {%- endcall %}
  {% else %}
    {#- Beside the table first: the query may read the table itself. -#}
    {%- set wanted = temporary_table(this, 'wanted') -%}
    {% do run_query('create or replace temp table ' ~ wanted ~ ' as ' ~ compiled_code) %}
    {%- set wanted_columns = adapter.get_columns_in_relation(wanted) -%}
    {% do add_missing_columns(target_relation, wanted_columns) %}
    {%- set columns = wanted_columns | map(attribute='quoted') | join(', ') -%}
    {%- set counts = table_difference(wanted, target_relation, columns) -%}
    {% if counts['all'] > 0 %}
      {% call statement('delete') -%}
        delete from {{ target_relation }}
      {%- endcall %}
      {% call statement('main') -%}
        insert into {{ target_relation }} ({{ columns }}) select {{ columns }} from {{ wanted }}
      {%- endcall %}
    {% endif %}
    {% do report_changes(counts) %}
    {% do run_query('drop table ' ~ wanted) %}
  {% endif %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do adapter.commit() %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- Rows of one that the other lacks, counted as often as they stand there. -#}
{% macro table_difference(wanted, present, columns) -%}
  {%- set counts = {'inserted': 0, 'updated': 0, 'deleted': 0} -%}
  {%- for name, left, right in [('inserted', wanted, present), ('deleted', present, wanted)] -%}
    {%- set rows = run_query(
      'select count(*) from (select ' ~ columns ~ ' from ' ~ left ~ ' except all select ' ~ columns ~ ' from ' ~ right ~ ')'
    ).rows -%}
    {%- do counts.update({name: rows[0][0] | int}) -%}
  {%- endfor -%}
  {%- do counts.update({'all': counts['inserted'] + counts['deleted']}) -%}
  {{ return(counts) }}
{%- endmacro %}
