{#- Current and not deleted in the dimension means active in the user's newest landed row, and the other way round. -#}
with newest as (
  select id, op = 'upsert' and coalesce(is_active, true) as is_there
  from (
    select
      raw.*,
      {#- Not row_number: rows that tie to the last may say different things, and then either is right here. #}
      rank() over (
        partition by id
        order by system_modstamp desc, extracted_at desc nulls last, load_id desc nulls last
      ) as place
    from {{ source('sf_raw', 'sf_user') }} as raw
    where {{ sf_user_placeable() }}
  ) as ranked
  where place = 1
),

landed as (
  select id, bool_and(is_there) as surely_there, bool_or(is_there) as maybe_there from newest group by id
),

present as (
  select user_id from {{ ref('dim_sf_user_scd') }} where is_current and not is_deleted
)

select landed.id, landed.maybe_there as active_in_raw, present.user_id as present_in_dimension
from landed
full join present on landed.id = present.user_id
where (present.user_id is null and landed.surely_there)
  or (present.user_id is not null and not coalesce(landed.maybe_there, false))
