{#- Named whatever the branch below: it is the upstream, and dbt reads dependencies before it knows the flags. -#}
{%- set rows = ref('stg_sf_user') -%}
{#- A full refresh replays the log itself, so that nothing kept in between can be wrong. -#}
{%- if execute and flags.FULL_REFRESH -%}
  {%- set rows = '(' ~ sf_user_landed(sf_user_log()) ~ ')' -%}
{%- endif -%}

{{ scd2_versions(
    rows=rows,
    key=['user_id'],
    order_column='system_modstamp',
    tracked=['division', 'audit_phase', 'is_deleted'],
    carried=['name', 'email', 'username', 'title', 'department', 'is_active', 'delete_reason'],
    opened={'update_date': 'last_modified_date', 'recorded_at': 'extracted_at'},
) }}
