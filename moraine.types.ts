// Written by `moraine types`. Do not edit: run it again when what it was made from has changed.

/** Rows of `sf_curated/dim_sf_user_scd`. Salesforce users with the history of division, audit phase and deletion: SCD Type 2, one row per user and version. A pure function of the raw log; a full refresh replays it. */
export interface SfCuratedDimSfUserScd {
  /** `string`. sha256 of user_id and valid_from; stable for ever */
  readonly scd_id: string | null;
  /** `string`. 18-character id of the user. */
  readonly user_id: string | null;
  /** `string`. Full name in the version's last row; changes in place. */
  readonly name: string | null;
  /** `string`. E-mail address in the version's last row; changes in place. */
  readonly email: string | null;
  /** `string`. Name to sign in with in the version's last row; changes in place. */
  readonly username: string | null;
  /** `string`. Job title in the version's last row; changes in place. */
  readonly title: string | null;
  /** `string`. Department in the version's last row; changes in place. */
  readonly department: string | null;
  /** `string`. Division during the version. Free text; NA and N/A are values. */
  readonly division: string | null;
  /** `string`. Audit phase during the version. */
  readonly audit_phase: string | null;
  /** `boolean`. Whether the user may sign in, in the version's last row. */
  readonly is_active: boolean | null;
  /** `timestamp`. Inclusive */
  readonly valid_from: string | null;
  /** `timestamp`. Exclusive; null: open */
  readonly valid_to: string | null;
  /** `timestamp`. Business time of the change; may be back-dated */
  readonly update_date: string | null;
  /** `timestamp`. When we learned it */
  readonly recorded_at: string | null;
  /** `boolean`. Whether the version is open. */
  readonly is_current: boolean | null;
  /** `boolean`. Whether the user is gone during the version, inactive or absent. */
  readonly is_deleted: boolean | null;
  /** `string`. inactive or absent */
  readonly delete_reason: string | null;
}

/** Rows of `sf_raw/sf_user`. Every version of every Salesforce user that was seen, with deletions; a log, never updated. */
export interface SfRawSfUser {
  /** `string`, required. 18-character id */
  readonly id: string;
  /** `string` */
  readonly username: string | null;
  /** `string` */
  readonly name: string | null;
  /** `string` */
  readonly first_name: string | null;
  /** `string` */
  readonly last_name: string | null;
  /** `string` */
  readonly email: string | null;
  /** `string` */
  readonly title: string | null;
  /** `string` */
  readonly department: string | null;
  /** `string`. Free text; NA and N/A are values */
  readonly division: string | null;
  /** `string` */
  readonly audit_phase: string | null;
  /** `boolean` */
  readonly is_active: boolean | null;
  /** `string` */
  readonly user_role_id: string | null;
  /** `string` */
  readonly profile_id: string | null;
  /** `string` */
  readonly manager_id: string | null;
  /** `string` */
  readonly employee_number: string | null;
  /** `timestamp` */
  readonly created_date: string | null;
  /** `timestamp`. Business time; may be back-dated, never orders history */
  readonly last_modified_date: string | null;
  /** `timestamp`. Orders history */
  readonly system_modstamp: string | null;
  /** `timestamp`. Salesforce's clock when the extraction opened */
  readonly extracted_at: string | null;
  /** `string`. Sorts by time */
  readonly load_id: string | null;
  /** `string`. upsert or delete */
  readonly op: string | null;
  /** `string`. absent, with op delete */
  readonly delete_reason: string | null;
}

/** Rows of `sf_staging/stg_sf_user`. Salesforce users as they were at each change: the raw log typed, trimmed and deduplicated. One row per user and system_modstamp; of rows that tie, the one landed last. A run makes again only the rows of users for whom something landed. */
export interface SfStagingStgSfUser {
  /** `varchar`. 18-character id of the user. */
  readonly user_id: string | null;
  /** `varchar`. Name to sign in with. */
  readonly username: string | null;
  /** `varchar`. Full name. */
  readonly name: string | null;
  /** `varchar`. Given name. */
  readonly first_name: string | null;
  /** `varchar`. Family name. */
  readonly last_name: string | null;
  /** `varchar`. E-mail address. */
  readonly email: string | null;
  /** `varchar`. Job title. */
  readonly title: string | null;
  /** `varchar`. Department, free text. */
  readonly department: string | null;
  /** `varchar`. Division, free text; NA and N/A are values. */
  readonly division: string | null;
  /** `varchar`. Audit phase, a picklist of ours. */
  readonly audit_phase: string | null;
  /** `boolean`. Whether the user may sign in; in a tombstone the last known value. */
  readonly is_active: boolean | null;
  /** `varchar`. Id of the role. */
  readonly user_role_id: string | null;
  /** `varchar`. Id of the profile. */
  readonly profile_id: string | null;
  /** `varchar`. Id of the manager, a user. */
  readonly manager_id: string | null;
  /** `varchar`. Number in the personnel system. */
  readonly employee_number: string | null;
  /** `timestamp(6)`. When the user was made, UTC. */
  readonly created_date: string | null;
  /** `timestamp(6)`. Business time of the change, UTC. May be back-dated and never orders history. */
  readonly last_modified_date: string | null;
  /** `timestamp(6)`. When Salesforce stored the change, UTC. Orders history. */
  readonly system_modstamp: string | null;
  /** `timestamp(6)`. Salesforce's clock when the extraction opened, UTC. */
  readonly extracted_at: string | null;
  /** `varchar`. Load that landed the row; sorts by time. */
  readonly load_id: string | null;
  /** `varchar`. upsert, or delete for a tombstone. */
  readonly op: string | null;
  /** `boolean`. Whether the user is gone, inactive or absent. */
  readonly is_deleted: boolean | null;
  /** `varchar`. inactive or absent; null for a user who is there. */
  readonly delete_reason: string | null;
  /** `bigint`. How many rows of the log tie here. Above 1 means a tie was decided. */
  readonly landed_rows: number | `${bigint}` | null;
  /** `varchar`. Newest load among the rows that tie here. */
  readonly last_load_id: string | null;
  /** `varchar`. Fingerprint of the code that made the row. */
  readonly definition: string | null;
}

declare module "moraine" {
  interface AssetRows {
    "sf_curated/dim_sf_user_scd": SfCuratedDimSfUserScd;
    "sf_raw/sf_user": SfRawSfUser;
    "sf_staging/stg_sf_user": SfStagingStgSfUser;
  }
}
