{{ sf_user_versions(ref('stg_sf_user')) }}
