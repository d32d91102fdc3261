{#-
  A table whose rows have a key. A run works out the rows as they should be and writes only those that differ, so that the
  table keeps its snapshots, and a run that changes nothing commits nothing. `--full-refresh` compares the whole table;
  it replaces nothing that is right already.

  unique_key: columns that tell rows apart, never NULL
  scope:      name of a macro giving a query of the values of `scope_key` whose rows a run compares; the model gives the
              rows of these values then, by scope_values(). Without it, and in a full refresh, all
  scope_key:  the column
  keep:       name of a macro (version alias) giving the condition under which a row may go. A row that would go
              without it fails the run before anything is written, unless MORAINE_ALLOW_HISTORY_LOSS is 1
  shown:      columns that name such a row in the message. Without it, the unique key
  tally:      conditions by name, of `changed` (a row as it should be, and `change`) and `present` (as it was); the run
              says of how many changes each holds
-#}

{% materialization keyed_table, adapter='duckdb' %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {#- One transaction: what is compared is what is changed, or the commit is refused. -#}
  {% do adapter.ensure_transaction() %}
  {{ run_hooks(pre_hooks, inside_transaction=True) }}

  {% if existing is none %}
    {% do expect_contract(compiled_code) %}
    {% call statement('main') -%}
      create table {{ target_relation }} as {{ compiled_code }}
    {%- endcall %}
    {% do report_changes(count_changes("(select *, 'inserted' as change from " ~ target_relation ~ ")", target_relation, true)) %}
  {% else %}
    {%- set changes = temporary_table(this, 'changes') -%}
    {% if has_scope() %}
      {% do run_query('create or replace temp table ' ~ temporary_table(this, 'scope') ~ ' as ' ~ context[config.get('scope')]()) %}
    {% endif %}
    {% do expect_contract(compiled_code) %}
    {%- set columns = get_column_schema_from_query(compiled_code) -%}
    {% do add_missing_columns(target_relation, columns) %}
    {%- set names = columns | map(attribute='name') | list -%}
    {% do run_query('create or replace temp table ' ~ changes ~ ' as ' ~ keyed_table_changes(target_relation, compiled_code, names)) %}
    {% do keyed_table_refuse_loss(target_relation, changes) %}
    {%- set counts = count_changes(changes, target_relation) -%}
    {% if counts['all'] > 0 %}
      {% do write_changes(target_relation, changes, names) %}
    {% endif %}
    {% do report_changes(counts) %}
    {% do run_query('drop table ' ~ changes) %}
  {% endif %}

  {{ run_hooks(post_hooks, inside_transaction=True) }}
  {% do adapter.commit() %}
  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- Athena has no transactions and no temporary tables: one MERGE, whose source is the same set of changes. -#}
{% materialization keyed_table, adapter='athena', supported_languages=['sql'] %}
  {%- set existing = load_cached_relation(this) -%}
  {%- set target_relation = this.incorporate(type='table') -%}

  {{ run_hooks(pre_hooks, inside_transaction=False) }}
  {% if existing is none %}
    {% call statement('main') -%}
      {{ create_table_as(False, target_relation, compiled_code) }}
    {%- endcall %}
  {% else %}
    {#- `create_table_as` does so by itself. -#}
    {% do expect_contract(compiled_code) %}
    {%- set names = get_columns_in_query(compiled_code) -%}
    {%- set changes = '(' ~ keyed_table_changes(target_relation, compiled_code, names) ~ ')' -%}
    {% do keyed_table_refuse_loss(target_relation, changes) %}
    {% do write_changes(target_relation, changes, names) %}
  {% endif %}

  {{ run_hooks(post_hooks, inside_transaction=False) }}
  {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{#- Whether a run of this model compares a part only: it has a scope, the table is there and this is no full refresh. -#}
{% macro has_scope() -%}
  {{ return(execute and config.get('scope') is not none and load_relation(this) is not none and not should_full_refresh()) }}
{%- endmacro %}

{#- The values in scope, as a query. DuckDB works them out once, Athena wherever it needs them. -#}
{% macro scope_values() -%}
  {%- if target.type == 'duckdb' -%}
    select {{ config.require('scope_key') }} from {{ temporary_table(this, 'scope') }}
  {%- else -%}
    {{ context[config.require('scope')]() }}
  {%- endif -%}
{%- endmacro %}

{#- The rows in which the query and the table differ; `change` is inserted, updated or deleted. -#}
{% macro keyed_table_changes(target_relation, query, columns) -%}
  {%- set key = config.require('unique_key') -%}
  {#- What no run of ours leaves behind, a full refresh repairs: a key that is there twice. -#}
  {%- set heals = should_full_refresh() and target.type == 'duckdb' -%}
select
  {%- for column in columns %}
  case when wanted.{{ key[0] }} is null then present.{{ column }} else wanted.{{ column }} end as {{ column }},
  {%- endfor %}
  case when wanted.{{ key[0] }} is null then 'deleted' when present.{{ key[0] }} is null then 'inserted' else 'updated' end as change
from ({{ query }}) as wanted
full join (
  select * {%- if heals %}, count(*) over (partition by {{ key | join(', ') }}) as copies{% endif %}
  from {{ target_relation }}
  {%- if has_scope() %} where {{ config.require('scope_key') }} in ({{ scope_values() }}){% endif %}
) as present on {% for column in key %}wanted.{{ column }} = present.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
where wanted.{{ key[0] }} is null
  or present.{{ key[0] }} is null
  {%- for column in columns if column not in key %}
  or wanted.{{ column }} is distinct from present.{{ column }}
  {%- endfor %}
  {%- if heals %}
  or present.copies > 1
  {%- endif %}
{%- endmacro %}

{#- Fails when rows would go that may not. -#}
{% macro keyed_table_refuse_loss(target_relation, changes) -%}
  {%- set keep = config.get('keep') -%}
  {%- if keep and env_var('MORAINE_ALLOW_HISTORY_LOSS', '') != '1' -%}
    {%- set lost -%} from {{ changes }} as gone where change = 'deleted' and not {{ context[keep]('gone') }} {%- endset -%}
    {%- set count = run_query('select count(*) ' ~ lost).rows[0][0] | int -%}
    {%- if count > 0 -%}
      {%- set samples = [] -%}
      {%- set shown = config.get('shown', config.require('unique_key')) | join(', ') -%}
      {%- for row in run_query('select ' ~ shown ~ ' ' ~ lost ~ ' order by ' ~ shown ~ ' limit 3').rows -%}
        {%- do samples.append(row.values() | join(' ')) -%}
      {%- endfor -%}
      {{ exceptions.raise_compiler_error(
        target_relation.schema ~ '/' ~ target_relation.identifier ~ ': ' ~ count
        ~ ' row(s) would be lost that their source no longer explains, e.g. ' ~ samples | join('; ')
        ~ '. Nothing was written. Restore the source, or accept the loss by setting MORAINE_ALLOW_HISTORY_LOSS=1 for this run'
      ) }}
    {%- endif -%}
  {%- endif -%}
{%- endmacro %}
