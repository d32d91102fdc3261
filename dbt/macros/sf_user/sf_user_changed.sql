{#-
  Scope of the staging table: ids of the users whose staged rows are not made from what the log holds now, or not by this code.

  The log only grows, so a row that landed for a user raises the count of the user's rows, whatever the clocks said and
  however many loads came at once; the newest load id also tells apart a log that was rolled back and then grew again to
  the same count. Two narrow columns of each table are read. Comparing with the staged rows, not with a bookmark, finds
  a run that was killed and a table that was rolled back as well.
-#}
{% macro sf_user_changed() -%}
select coalesce(landed.user_id, staged.user_id) as user_id
from (
  select
    id as user_id,
    count(*) as landed_rows,
    max(load_id) as last_load_id
  from {{ source('sf_raw', 'sf_user') }}
  where {{ sf_user_placeable() }}
  group by 1
) as landed
full join (
  select
    user_id,
    cast(sum(landed_rows) as bigint) as landed_rows,
    max(last_load_id) as last_load_id,
    min(definition) as oldest,
    max(definition) as newest
  from {{ this }}
  group by 1
) as staged on landed.user_id = staged.user_id
where landed.landed_rows is distinct from staged.landed_rows
  or landed.last_load_id is distinct from staged.last_load_id
  or staged.oldest is distinct from '{{ sf_user_definition() }}'
  or staged.newest is distinct from '{{ sf_user_definition() }}'
{%- endmacro %}

{#- Changes with the code that makes a staged row: rows of older code are made again without a full refresh. -#}
{% macro sf_user_definition() -%}
  {{ local_md5(modules.re.sub('\\s+', ' ', sf_user_landed('raw'))) }}
{%- endmacro %}
