{{ config(
    materialized='keyed_table',
    unique_key=['scd_id'],
    keep='sf_user_is_explained',
    shown=['user_id', 'valid_from'],
    tally={
      'versions_opened': "change = 'inserted'",
      'versions_closed': "change <> 'deleted' and not changed.is_current and (present.is_current or present.scd_id is null)",
      'versions_retired': "change = 'inserted' and changed.is_deleted",
    },
) }}

{%- set versions = ref('int_sf_user_versions') %}
{%- if execute and should_full_refresh() %}
  {#- A replay reads the log itself, so that nothing kept in between can be wrong. #}
  {%- set versions = '(' ~ sf_user_versions('(' ~ sf_user_landed(sf_user_log()) ~ ')') ~ ') as versions' %}
{%- endif %}

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
from {{ versions }}
