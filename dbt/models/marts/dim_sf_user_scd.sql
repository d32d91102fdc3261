{{ config(
    materialized='keyed_table',
    unique_key=['scd_id'],
    keep='sf_user_is_explained',
    shown=['user_id', 'valid_from'],
) }}

select
  {{ scd2_id({'user_id': 'string'}) }} as scd_id,
  user_id,
  name,
  email,
  username,
  title,
  department,
  division,
  audit_phase,
  is_active,
  valid_from,
  valid_to,
  update_date,
  recorded_at,
  is_current,
  is_deleted,
  delete_reason
from {{ ref('int_sf_user_versions') }}
