{#- What staging keeps of a landed user, by type. -#}
{% macro sf_user_columns() -%}
  {{ return({
    'user_id': 'string',
    'username': 'string',
    'name': 'string',
    'first_name': 'string',
    'last_name': 'string',
    'email': 'string',
    'title': 'string',
    'department': 'string',
    'division': 'string',
    'audit_phase': 'string',
    'is_active': 'boolean',
    'user_role_id': 'string',
    'profile_id': 'string',
    'manager_id': 'string',
    'employee_number': 'string',
    'created_date': 'timestamp',
    'last_modified_date': 'timestamp',
    'system_modstamp': 'timestamp',
    'extracted_at': 'timestamp',
    'load_id': 'string',
    'op': 'string',
    'delete_reason': 'string',
  }) }}
{%- endmacro %}

{#- A row of the log without key or order has no place in a history; a test on the source names it. -#}
{% macro sf_user_placeable() -%}
  id is not null and system_modstamp is not null
{%- endmacro %}

{#-
  The raw log typed, trimmed and deduplicated: one row per user and system_modstamp. On a tie the row landed last wins,
  by (extracted_at, load_id, hash of the row): a total order, so that the same log always gives the same row.

  raw:   the log
  users: SQL of the user ids to keep; none for all
-#}
{% macro sf_user_landed(raw, users=none) -%}
with typed as (
  select
    {%- for name, type in sf_user_columns().items() %}
    {%- set column = 'id' if name == 'user_id' else name %}
    {% if name in ['user_id', 'load_id', 'op'] -%}
      {{ column }}
    {%- elif type == 'string' -%}
      {{ empty_as_null(column) }}
    {%- else -%}
      cast({{ column }} as {{ 'timestamp(6)' if type == 'timestamp' and target.type == 'athena' else type }})
    {%- endif %} as {{ name }} {{- ',' if not loop.last }}
    {%- endfor %}
  from {{ raw }}
  where {{ sf_user_placeable() }}
    {%- if users is not none %}
    and id in ({{ users }})
    {%- endif %}
),

tied as (
  select
    typed.*,
    count(*) over (partition by user_id, system_modstamp) as landed_rows,
    max(load_id) over (partition by user_id, system_modstamp) as last_load_id
  from typed
),

ranked as (
  select
    tied.*,
    row_number() over (
      partition by user_id, system_modstamp
      order by
        extracted_at desc nulls last,
        load_id desc nulls last,
        {#- A hash costs more than all the rest, and most rows are alone. #}
        case when landed_rows > 1 then {{ sha256_hex(canonical_text(sf_user_columns())) }} end desc
    ) as place
  from tied
)

select
  {% for name in sf_user_columns() if name != 'delete_reason' -%} {{ name }}, {% endfor %}
  coalesce(op = 'delete', false) or not coalesce(is_active, true) as is_deleted,
  case
    when op = 'delete' then coalesce(delete_reason, 'absent')
    when not is_active then 'inactive'
  end as delete_reason,
  landed_rows,
  last_load_id
from ranked
where place = 1
{%- endmacro %}
