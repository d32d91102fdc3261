{{ config(
    materialized='keyed_table',
    unique_key=['user_id', 'system_modstamp'],
    scope='sf_user_changed_scope',
) }}

{%- set raw = source('sf_raw', 'sf_user') %}
{%- set changed = sf_user_changed(raw, this) if keeps_rows() else none %}

select
  landed.*,
  '{{ sf_user_definition() }}' as definition
from (
  {{ sf_user_landed(raw, users=changed) }}
) as landed
