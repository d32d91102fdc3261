{#- Versions of users out of their staged rows. -#}
{% macro sf_user_versions(rows) -%}
  {{ scd2_versions(
    rows=rows,
    key=['user_id'],
    order_column='system_modstamp',
    tracked=['division', 'audit_phase', 'is_deleted'],
    carried=['name', 'email', 'username', 'title', 'department', 'is_active', 'delete_reason'],
    opened={'update_date': 'last_modified_date', 'recorded_at': 'extracted_at'},
  ) }}
{%- endmacro %}
