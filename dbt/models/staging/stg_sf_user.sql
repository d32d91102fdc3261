{{ config(
    materialized='keyed_table',
    unique_key=['user_id', 'system_modstamp'],
    scope='sf_user_changed',
    scope_key='user_id',
) }}

select
  landed.*,
  '{{ sf_user_definition() }}' as definition
from (
  {{ sf_user_landed(source('sf_raw', 'sf_user'), users=scope_values() if has_scope() else none) }}
) as landed
